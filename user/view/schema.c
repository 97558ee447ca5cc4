// SPDX-License-Identifier: GPL-2.0-only
#include "view/schema.h"

#include <string.h>

#include "util/json.h"

static void put_type(struct json *j, const char *s, size_t len);

static void put_words(struct json *j, const char *s, size_t len, bool null)
{
	size_t n;

	json_key(j, "enum");
	json_array_begin(j);
	for (; len; s += n + (n < len), len -= n + (n < len)) {
		const char *bar = memchr(s, '|', len);
		char word[32];
		size_t i;

		n = bar ? (size_t)(bar - s) : len;
		for (i = 0; i < n && i + 1 < sizeof(word); i++)
			word[i] = s[i] == '~' ? ' ' : s[i];
		word[i] = '\0';
		json_string(j, word);
	}
	if (null)
		json_null(j);
	json_array_end(j);
}

static void put_types(struct json *j, bool null, const char *a, const char *b)
{
	json_key(j, "type");
	json_array_begin(j);
	json_string(j, a);
	if (b)
		json_string(j, b);
	if (null)
		json_string(j, "null");
	json_array_end(j);
}

static void put_ref(struct json *j, const char *name, size_t len)
{
	char ref[64];

	snprintf(ref, sizeof(ref), "#/$defs/%.*s", (int)len, name);
	json_kstring(j, "$ref", ref);
}

/* What stands behind the colon, as the members of a schema. */
static void put_members(struct json *j, const char *s, size_t len)
{
	bool null = s[len - 1] == '?';

	len -= null;
	if (*s == '@' && null) {
		json_key(j, "anyOf");
		json_array_begin(j);
		json_object_begin(j);
		put_ref(j, s + 1, len - 1);
		json_object_end(j);
		json_object_begin(j);
		json_kstring(j, "type", "null");
		json_object_end(j);
		json_array_end(j);
	} else if (*s == '@') {
		put_ref(j, s + 1, len - 1);
	} else if (*s == '[') {
		put_types(j, null, "array", NULL);
		json_key(j, "items");
		put_type(j, s + 1, len - 2);
	} else if (*s == '{') {
		put_types(j, null, "object", NULL);
		json_key(j, "additionalProperties");
		put_type(j, s + 1, len - 2);
	} else if (memchr(s, '|', len)) {
		put_words(j, s, len, null);
	} else {
		put_types(j, null,
			  *s == 'u' || *s == 'i' ? "integer" :
			  *s == 'n'		 ? "number" :
			  *s == 'b'		 ? "boolean" :
						   "string",
			  *s == 'S' || *s == 'T' ? "integer" : NULL);
		if (*s == 'u' || *s == 'S') {
			json_key(j, "minimum");
			json_u64(j, 0);
		}
	}
}

static void put_type(struct json *j, const char *s, size_t len)
{
	json_object_begin(j);
	put_members(j, s, len);
	json_object_end(j);
}

static void put_object(struct json *j, const struct schema_object *o)
{
	const char *s, *colon;
	char name[48];
	size_t len;
	int pass;

	if (o->text[0])
		json_kstring(j, "description", o->text);
	json_kstring(j, "type", "object");
	json_kbool(j, "additionalProperties", false);
	for (pass = 0; pass < 2; pass++) {
		json_key(j, pass ? "required" : "properties");
		if (pass)
			json_array_begin(j);
		else
			json_object_begin(j);
		for (s = o->members; *s; s += len + strspn(s + len, " ")) {
			len = strcspn(s, " ");
			colon = memchr(s, ':', len);
			snprintf(name, sizeof(name), "%.*s", (int)(colon - s), s);
			if (pass) {
				json_string(j, name);
				continue;
			}
			json_key(j, name);
			put_type(j, colon + 1, len - (size_t)(colon + 1 - s));
		}
		if (pass)
			json_array_end(j);
		else
			json_object_end(j);
	}
}

void schema_print(FILE *f, const char *title, const struct schema_object *objects, size_t n)
{
	struct json *j = json_create(f, true);
	size_t i;

	if (!j)
		return;
	json_object_begin(j);
	json_kstring(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_kstring(j, "title", title);
	put_object(j, &objects[0]);
	json_key(j, "$defs");
	json_object_begin(j);
	for (i = 1; i < n; i++) {
		json_key(j, objects[i].name);
		json_object_begin(j);
		put_object(j, &objects[i]);
		json_object_end(j);
	}
	json_object_end(j);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}
