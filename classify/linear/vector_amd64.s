//go:build !purego

#include "textflag.h"

// func dot4(out *[4]float32, a, b, c, d, x *float32, n int)
//
// Lane i of an accumulator is the i-th of the four sums that dot keeps, added up in dot's order at the end: the
// bits are the same. SSE2, which every amd64 has.
TEXT ·dot4(SB), NOSPLIT, $0-56
	MOVQ a+8(FP), R8
	MOVQ b+16(FP), R9
	MOVQ c+24(FP), R10
	MOVQ d+32(FP), R11
	MOVQ x+40(FP), SI
	MOVQ n+48(FP), CX
	SHLQ $2, CX
	XORQ AX, AX
	XORPS X0, X0
	XORPS X1, X1
	XORPS X2, X2
	XORPS X3, X3

four:
	CMPQ AX, CX
	JGE  sums
	MOVUPS (SI)(AX*1), X4
	MOVUPS (R8)(AX*1), X5
	MOVUPS (R9)(AX*1), X6
	MOVUPS (R10)(AX*1), X7
	MOVUPS (R11)(AX*1), X8
	MULPS  X4, X5
	MULPS  X4, X6
	MULPS  X4, X7
	MULPS  X4, X8
	ADDPS  X5, X0
	ADDPS  X6, X1
	ADDPS  X7, X2
	ADDPS  X8, X3
	ADDQ   $16, AX
	JMP    four

sums:
	// Rows to columns, so that lane i of all four stands in one register.
	MOVAPS   X0, X4
	UNPCKLPS X1, X4 // a0 b0 a1 b1
	UNPCKHPS X1, X0 // a2 b2 a3 b3
	MOVAPS   X2, X5
	UNPCKLPS X3, X5 // c0 d0 c1 d1
	UNPCKHPS X3, X2 // c2 d2 c3 d3
	MOVAPS   X4, X6
	MOVLHPS  X5, X6 // a0 b0 c0 d0
	MOVHLPS  X4, X5 // a1 b1 c1 d1
	MOVAPS   X0, X7
	MOVLHPS  X2, X7 // a2 b2 c2 d2
	MOVHLPS  X0, X2 // a3 b3 c3 d3
	ADDPS    X5, X6
	ADDPS    X2, X7
	ADDPS    X7, X6
	MOVQ     out+0(FP), DI
	MOVUPS   X6, (DI)
	RET

// func fetch16(rows *byte, which *int32, n int)
//
// A row that is not there does no harm.
TEXT ·fetch16(SB), NOSPLIT, $0-24
	MOVQ rows+0(FP), SI
	MOVQ which+8(FP), DX
	MOVQ n+16(FP), CX

next:
	MOVL        (DX), AX
	SHLQ        $4, AX
	PREFETCHT0  (SI)(AX*1)
	ADDQ        $4, DX
	DECQ        CX
	JNZ         next
	RET

// func addRows64(lanes *[16]uint64, rows *byte, which *int32, n int)
//
// Every 16 bytes of the rows become eight words of the even and eight of the odd bytes, as addRows does it.
TEXT ·addRows64(SB), NOSPLIT, $0-32
	MOVQ    lanes+0(FP), DI
	MOVQ    rows+8(FP), SI
	MOVQ    which+16(FP), DX
	MOVQ    n+24(FP), CX
	PCMPEQW X12, X12
	PSRLW   $8, X12   // even bytes
	PXOR    X0, X0
	PXOR    X1, X1
	PXOR    X2, X2
	PXOR    X3, X3
	PXOR    X4, X4
	PXOR    X5, X5
	PXOR    X6, X6
	PXOR    X7, X7

row:
	TESTQ   CX, CX
	JZ      store
	MOVLQSX (DX), AX
	ADDQ    $4, DX
	SHLQ    $6, AX
	MOVOU   (SI)(AX*1), X8
	MOVOU   16(SI)(AX*1), X10
	MOVO    X8, X9
	MOVO    X10, X11
	PAND    X12, X8
	PSRLW   $8, X9
	PAND    X12, X10
	PSRLW   $8, X11
	PADDW   X8, X0
	PADDW   X9, X1
	PADDW   X10, X2
	PADDW   X11, X3
	MOVOU   32(SI)(AX*1), X8
	MOVOU   48(SI)(AX*1), X10
	MOVO    X8, X9
	MOVO    X10, X11
	PAND    X12, X8
	PSRLW   $8, X9
	PAND    X12, X10
	PSRLW   $8, X11
	PADDW   X8, X4
	PADDW   X9, X5
	PADDW   X10, X6
	PADDW   X11, X7
	DECQ    CX
	JMP     row

#define STORE(even, odd, at) \
	MOVO       even, X8    \
	PUNPCKLQDQ odd, X8     \
	PUNPCKHQDQ odd, even   \
	MOVOU      at(DI), X9  \
	PADDW      X9, X8      \
	MOVOU      X8, at(DI)  \
	MOVOU      at+16(DI), X9 \
	PADDW      X9, even    \
	MOVOU      even, at+16(DI)

store:
	STORE(X0, X1, 0)
	STORE(X2, X3, 32)
	STORE(X4, X5, 64)
	STORE(X6, X7, 96)
	RET

// func addRows16(lanes *[4]uint64, rows *byte, which *int32, n, have int) (left int)
//
// It reads no row beyond those there are: what is left then is not 0, and the lanes are as they were.
// Two rows are added up as words as they are, and their odd bytes apart: what the odd bytes added to the
// words is taken away at the end, and the even bytes are left. A word that ran over has run over alike in both.
TEXT ·addRows16(SB), NOSPLIT, $0-48
	MOVQ lanes+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ which+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ have+32(FP), R8
	PXOR X0, X0
	PXOR X1, X1
	PXOR X4, X4
	PXOR X5, X5

two:
	CMPQ  CX, $2
	JLT   last
	MOVL  (DX), AX // one below zero is beyond all
	MOVL  4(DX), BX
	CMPQ  AX, R8
	JAE   beyond
	CMPQ  BX, R8
	JAE   beyond
	ADDQ  $8, DX
	SHLQ  $4, AX
	SHLQ  $4, BX
	MOVOU (SI)(AX*1), X8
	MOVOU (SI)(BX*1), X10
	PADDW X8, X0
	PADDW X10, X4
	PSRLW $8, X8
	PSRLW $8, X10
	PADDW X8, X1
	PADDW X10, X5
	SUBQ  $2, CX
	JMP   two

last:
	TESTQ CX, CX
	JZ    even
	MOVL  (DX), AX
	CMPQ  AX, R8
	JAE   beyond
	SHLQ  $4, AX
	MOVOU (SI)(AX*1), X8
	PADDW X8, X0
	PSRLW $8, X8
	PADDW X8, X1

even:
	PADDW X4, X0
	PADDW X5, X1
	MOVO  X1, X4
	PSLLW $8, X4
	PSUBW X4, X0
	STORE(X0, X1, 0)
	MOVQ  $0, left+40(FP)
	RET

beyond:
	MOVQ CX, left+40(FP)
	RET
