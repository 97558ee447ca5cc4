/*
 * The guest's first instructions: multiboot entry (QEMU's -kernel), flat segments, one timer interrupt.
 *
 * Promises: main() runs in 32-bit protected mode without paging, so an address is a physical address; `ticks`
 * counts hundredths of a second of the virtual machine's own time; every other interrupt is masked.
 */
	.set	MB_MAGIC, 0x1badb002
	.set	MB_FLAGS, 0

	.section .multiboot, "a"
	.align	4
	.long	MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)

	.text
	.globl	_start
_start:
	cli
	lgdt	gdt_pointer
	ljmp	$0x08, $1f
1:	mov	$0x10, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$stack_top, %esp

	/* The timer's gate is the only one filled in: any other interrupt or fault resets the machine. */
	mov	$tick, %eax
	mov	%ax, idt + 8 * 0x20
	shr	$16, %eax
	mov	%ax, idt + 8 * 0x20 + 6
	movw	$0x08, idt + 8 * 0x20 + 2
	movw	$0x8e00, idt + 8 * 0x20 + 4
	lidt	idt_pointer
	call	main
1:	hlt
	jmp	1b

tick:
	push	%eax
	incl	ticks
	mov	$0x20, %al
	out	%al, $0x20
	pop	%eax
	iret

	.data
	.align	8
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff
	.quad	0x00cf92000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
idt_pointer:
	.word	8 * 0x21 - 1
	.long	idt

	.bss
	.align	16
	.globl	ticks
ticks:
	.skip	4
	.align	16
idt:
	.skip	8 * 0x21
	.align	16
	.skip	16384
stack_top:
	.section .note.GNU-stack, "", @progbits
