// A guest that uses its device and remembers what it wrote.
//
// Promises: every word that it writes into the device's memory (BAR 2) follows from the page's number and a
// counter that it keeps in its own RAM, so after a migration it can tell whether RAM and device memory arrived
// as one consistent whole. A write and its count need no lock: a virtual CPU is stopped between two instructions
// and goes on at the same place on the destination, count still to come.
//
// Serial port, one line per command:
//   r PAGES MS   from now on write PAGES pages, pause MS milliseconds, and so on; "r 0 0" rests
//   b PAGES      one burst now; answers "BURST pages=N writes=M"
//   m MIB        from now on write a 0 into one page after the other of the RAM from 16 to MIB MiB; "m 0" rests
//   s            answers "STATUS pages=N writes=M ticks=T"
//   v            checks the last two writes of every page: "VERIFY OK pages=N writes=M" or "VERIFY FAIL ..."
// It says "READY ..." once it has its device, or "NO DEVICE ..." and why.

typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __INT32_TYPE__ s32;

#define PAGE_SIZE  4096u
#define PAGE_WORDS (PAGE_SIZE / 4)
#define MAX_PAGES  (1u << 16)

#define TOUCH_START (16u << 20)

#define IVSHMEM_ID 0x11101af4u
#define COM1	   0x3f8
#define PIT_HZ	   1193182u
#define TICK_HZ	   100u

extern volatile u32 ticks;

static u32 count[MAX_PAGES]; /* writes so far, per page */
static u32 pages;	     /* the device's memory, in pages: a power of two */
static u32 writes;	     /* the sum of count[] */
static u32 cursor;	     /* the page written last */
static volatile u32 *bar;

static u32 rate_pages, rate_ticks;
static u32 touch_end, touched; /* bytes */

/* ---- the machine ---- */

static inline void outb(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outl(u16 port, u32 v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline u32 inl(u16 port)
{
	u32 v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static void timer_start(void)
{
	u32 div = PIT_HZ / TICK_HZ;

	outb(0x20, 0x11); /* both PICs: vectors from 0x20 and 0x28, only the timer unmasked */
	outb(0xa0, 0x11);
	outb(0x21, 0x20);
	outb(0xa1, 0x28);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, 0xfe);
	outb(0xa1, 0xff);
	outb(0x43, 0x34);
	outb(0x40, div & 0xff);
	outb(0x40, div >> 8);
	asm volatile("sti");
}

/* ---- words on the serial port ---- */

static void put_char(char c)
{
	while (!(inb(COM1 + 5) & 0x20))
		;
	outb(COM1, c);
}

static void put(const char *s)
{
	for (; *s; s++)
		put_char(*s);
}

static void put_num(const char *label, u32 v)
{
	char buf[11];
	int i = 10;

	buf[i] = 0;
	do {
		buf[--i] = '0' + v % 10;
		v /= 10;
	} while (v);
	put(label);
	put(buf + i);
}

static void put_hex(const char *label, u32 v)
{
	int i;

	put(label);
	put("0x");
	for (i = 28; i >= 0; i -= 4)
		put_char("0123456789abcdef"[(v >> i) & 15]);
}

/* ---- the device ---- */

static u32 cfg_read(u32 dev, u32 reg)
{
	outl(0xcf8, 0x80000000u | dev << 8 | reg);
	return inl(0xcfc);
}

static void cfg_write(u32 dev, u32 reg, u32 v)
{
	outl(0xcf8, 0x80000000u | dev << 8 | reg);
	outl(0xcfc, v);
}

/* Bus and devfn of the device as the config address wants them, or 0. */
static u32 device_find(void)
{
	u32 bus, devfn;

	for (bus = 0; bus < 8; bus++)
		for (devfn = 0; devfn < 256; devfn += 8)
			if (cfg_read(bus << 8 | devfn, 0) == IVSHMEM_ID)
				return bus << 8 | devfn;
	return 0;
}

static int device_start(void)
{
	u32 dev = device_find(), cmd, lo, hi, size;

	if (!dev) {
		put("NO DEVICE 1af4:1110 on buses 0 to 7\n");
		return -1;
	}
	cmd = cfg_read(dev, 4) & 0xffff;
	cfg_write(dev, 4, cmd & ~2u);
	lo = cfg_read(dev, 0x18);
	hi = (lo & 6) == 4 ? cfg_read(dev, 0x1c) : 0;
	cfg_write(dev, 0x18, 0xffffffffu);
	size = ~(cfg_read(dev, 0x18) & ~15u) + 1;
	cfg_write(dev, 0x18, lo);
	if (hi || !(lo & ~15u) || !size) {
		put_hex("NO DEVICE memory below 4 GiB: bar=", lo);
		put_hex(" high=", hi);
		put_hex(" size=", size);
		put("\n");
		return -1;
	}
	cfg_write(dev, 4, cmd | 2);
	bar = (volatile u32 *)(lo & ~15u);
	pages = size / PAGE_SIZE;
	if (pages > MAX_PAGES)
		pages = MAX_PAGES;
	put_hex("READY bar=", lo & ~15u);
	put_hex(" size=", size);
	put_num(" pages=", pages);
	put("\n");
	return 0;
}

/* ---- writing and checking ---- */

/* 37 is odd: a page's writes visit all its words before the first is met again. */
static u32 word_of(u32 page, u32 n)
{
	return page * PAGE_WORDS + ((n * 37 + page) & (PAGE_WORDS - 1));
}

static u32 value_of(u32 page, u32 n)
{
	u32 v = page * 2654435761u ^ n * 2246822519u;

	return v ^ v >> 15;
}

/* Some pages more. Nothing of ours is there. */
static void touch(void)
{
	u32 i;

	for (i = 0; i < 64 && touch_end > TOUCH_START; i++) {
		if (touched < TOUCH_START || touched >= touch_end)
			touched = TOUCH_START;
		*(volatile u8 *)touched = 0;
		touched += PAGE_SIZE;
	}
}

static void burst(u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		cursor = (cursor + 5003) & (pages - 1); /* odd: every page once per round */
		bar[word_of(cursor, count[cursor] + 1)] = value_of(cursor, count[cursor] + 1);
		count[cursor]++;
		writes++;
	}
}

static int check_word(u32 page, u32 n)
{
	u32 want = value_of(page, n), got = bar[word_of(page, n)];

	if (got == want)
		return 0;
	put_num("VERIFY FAIL page=", page);
	put_num(" write=", n);
	put_num(" of=", count[page]);
	put_hex(" offset=", word_of(page, n) * 4);
	put_hex(" want=", want);
	put_hex(" got=", got);
	put("\n");
	return -1;
}

static void verify(void)
{
	u32 p, sum = 0, used = 0;

	for (p = 0; p < pages; p++) {
		if (!count[p])
			continue;
		if (check_word(p, count[p]) || (count[p] > 1 && check_word(p, count[p] - 1)))
			return;
		sum += count[p];
		used++;
	}
	if (sum != writes) {
		put_num("VERIFY FAIL the counters' sum is ", sum);
		put_num(", writes=", writes);
		put("\n");
		return;
	}
	put_num("VERIFY OK pages=", used);
	put_num(" writes=", writes);
	put("\n");
}

/* ---- commands ---- */

static const char *number(const char *s, u32 *v)
{
	*v = 0;
	while (*s == ' ')
		s++;
	for (; *s >= '0' && *s <= '9'; s++)
		*v = *v * 10 + (*s - '0');
	return s;
}

static void command(const char *s)
{
	u32 n, ms;

	switch (*s) {
	case 'r':
		s = number(s + 1, &n);
		number(s, &ms);
		rate_pages = n;
		rate_ticks = (ms * TICK_HZ + 999) / 1000;
		put_num("RATE pages=", n);
		put_num(" ms=", ms);
		break;
	case 'b':
		number(s + 1, &n);
		burst(n);
		put_num("BURST pages=", n);
		put_num(" writes=", writes);
		break;
	case 'm':
		number(s + 1, &n);
		touch_end = n << 20;
		put_num("MEMORY mib=", n);
		break;
	case 's':
		put_num("STATUS pages=", pages);
		put_num(" writes=", writes);
		put_num(" ticks=", ticks);
		break;
	case 'v':
		verify();
		return;
	default:
		put("WHAT? ");
		put(s);
	}
	put("\n");
}

/* Takes what has arrived on the serial port; returns whether a whole command was carried out. */
static int commands(void)
{
	static char line[64];
	static u32 len;
	char c;

	while (inb(COM1 + 5) & 1) {
		c = inb(COM1);
		if (c != '\n' && c != '\r') {
			if (len < sizeof(line) - 1)
				line[len++] = c;
			continue;
		}
		line[len] = 0;
		if (len)
			command(line);
		len = 0;
		return 1;
	}
	return 0;
}

void main(void);
void main(void)
{
	u32 next = 0, said = 0;

	timer_start();
	if (device_start())
		return;
	for (;;) {
		commands();
		if (rate_pages && (s32)(ticks - next) >= 0) {
			burst(rate_pages);
			next = ticks + rate_ticks;
		} else if (touch_end) {
			touch();
		} else {
			asm volatile("hlt");
		}
		if (ticks - said >= 2 * TICK_HZ) {
			said = ticks;
			put_num("writes=", writes);
			put("\n");
		}
	}
}
