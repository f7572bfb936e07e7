"""LLVM assembly of the inner loops: scaled products, squared lengths, scaled rows, histogram.

Pure text, no compiler: `kernel` compiles it for the processor at hand. The loops are written
as 16 lanes; LLVM splits them where registers are narrower. Every (row, query) pair has exactly
one 16-lane accumulator however many rows and queries share a pass, so a similarity has the same
bits whether its query came alone or with others.
"""

from __future__ import annotations

from typing import Literal

Element = Literal["half", "float"]

LANES = 16
SIZES: dict[Element, int] = {"half": 2, "float": 4}

_VECTOR = f"<{LANES} x float>"
_DECLARATIONS = f"""
declare {_VECTOR} @llvm.fma.v{LANES}f32({_VECTOR}, {_VECTOR}, {_VECTOR})
declare float @llvm.fma.f32(float, float, float)
declare float @llvm.vector.reduce.fadd.v{LANES}f32(float, {_VECTOR})
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
"""


def products(element: Element, queries: int, rows: int) -> str:
    """Write ``products(rows, n, d, queries, scales, out, stride)``.

    ``out[q * stride + i] = clip(scales[i] * dot(rows[i], queries[q]), -1, 1)``; NaN stays NaN.

    Parameters
    ----------
    element : {"half", "float"}
        Type of the rows; queries, scales and out are float.
    queries : int
        How many queries share one pass over the rows.
    rows : int
        How many rows are taken at a time, so that a loaded query serves all of them.
    """
    return (
        _DECLARATIONS
        + "define void @products(ptr %rows, i64 %n, i64 %d, ptr %queries, ptr %scales,"
        + " ptr %out, i64 %stride) {\nentry:\n  %whole = and i64 %d, -16\n  br label %a.row\n"
        + _products_loop("a", element, queries, rows, start="[0, %entry]", after="b.row")
        + _products_loop("b", element, queries, 1, start="[%a.i, %a.row]", after="end")
        + "end:\n  ret void\n}\n"
    )


def squares(element: Element) -> str:
    """Write ``squares(rows, n, d, out)``: ``out[i] = dot(rows[i], rows[i])``."""
    return f"""{_DECLARATIONS}
define void @squares(ptr %rows, i64 %n, i64 %d, ptr %out) {{
entry:
  %whole = and i64 %d, -16
  br label %row
row:
  %i = phi i64 [0, %entry], [%i.next, %store]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %begin, label %end
begin:
  %start = mul i64 %i, %d
  %p = getelementptr {element}, ptr %rows, i64 %start
  br label %wide
wide:
  %j = phi i64 [0, %begin], [%j.next, %wide.body]
  %sum = phi {_VECTOR} [zeroinitializer, %begin], [%sum.next, %wide.body]
  %wide.more = icmp ult i64 %j, %whole
  br i1 %wide.more, label %wide.body, label %fold
wide.body:
{_load("x", element, "%p", "%j", LANES)}
  %sum.next = call {_VECTOR} @llvm.fma.v{LANES}f32({_VECTOR} %x, {_VECTOR} %x, {_VECTOR} %sum)
  %j.next = add i64 %j, {LANES}
  br label %wide
fold:
  %folded = call reassoc float @llvm.vector.reduce.fadd.v{LANES}f32(float 0.0, {_VECTOR} %sum)
  br label %tail
tail:
  %t = phi i64 [%whole, %fold], [%t.next, %tail.body]
  %total = phi float [%folded, %fold], [%total.next, %tail.body]
  %tail.more = icmp ult i64 %t, %d
  br i1 %tail.more, label %tail.body, label %store
tail.body:
{_load("y", element, "%p", "%t", 1)}
  %total.next = call float @llvm.fma.f32(float %y, float %y, float %total)
  %t.next = add i64 %t, 1
  br label %tail
store:
  %o = getelementptr float, ptr %out, i64 %i
  store float %total, ptr %o
  %i.next = add i64 %i, 1
  br label %row
end:
  ret void
}}
"""


def scaled(element: Element) -> str:
    """Write ``scaled(rows, which, n, d, scales, out)``: ``out[i] = scales[i] * rows[which[i]]``."""
    return f"""{_DECLARATIONS}
define void @scaled(ptr %rows, ptr %which, i64 %n, i64 %d, ptr %scales, ptr %out) {{
entry:
  %whole = and i64 %d, -16
  br label %row
row:
  %i = phi i64 [0, %entry], [%i.next, %row.end]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %begin, label %end
begin:
  %w = getelementptr i64, ptr %which, i64 %i
  %from = load i64, ptr %w
  %start = mul i64 %from, %d
  %p = getelementptr {element}, ptr %rows, i64 %start
  %target = mul i64 %i, %d
  %o = getelementptr float, ptr %out, i64 %target
{_load("scale", "float", "%scales", "%i", 1)}
  %one = insertelement {_VECTOR} poison, float %scale, i32 0
  %all = shufflevector {_VECTOR} %one, {_VECTOR} poison, <{LANES} x i32> zeroinitializer
  br label %wide
wide:
  %j = phi i64 [0, %begin], [%j.next, %wide.body]
  %wide.more = icmp ult i64 %j, %whole
  br i1 %wide.more, label %wide.body, label %tail
wide.body:
{_load("x", element, "%p", "%j", LANES)}
  %x.scaled = fmul {_VECTOR} %x, %all
  %x.o = getelementptr float, ptr %o, i64 %j
  store {_VECTOR} %x.scaled, ptr %x.o, align 4
  %j.next = add i64 %j, {LANES}
  br label %wide
tail:
  %t = phi i64 [%whole, %wide], [%t.next, %tail.body]
  %tail.more = icmp ult i64 %t, %d
  br i1 %tail.more, label %tail.body, label %row.end
tail.body:
{_load("y", element, "%p", "%t", 1)}
  %y.scaled = fmul float %y, %scale
  %y.o = getelementptr float, ptr %o, i64 %t
  store float %y.scaled, ptr %y.o
  %t.next = add i64 %t, 1
  br label %tail
row.end:
  %i.next = add i64 %i, 1
  br label %row
end:
  ret void
}}
"""


def histogram() -> str:
    """Write ``histogram(values, n, edges, bins, scale, counts)``: add floats to uniform bins.

    Edges are double; a value falls into the bin whose edges enclose it, exactly: the bin
    guessed by multiplication is corrected by comparing with its two edges. The last bin is
    closed; values outside the edges and NaN count nowhere.
    """
    return """
define void @histogram(ptr %values, i64 %n, ptr %edges, i64 %bins, double %scale, ptr %counts) {
entry:
  %low = load double, ptr %edges
  %high.p = getelementptr double, ptr %edges, i64 %bins
  %high = load double, ptr %high.p
  %last = sub i64 %bins, 1
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%i.next, %next]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %look, label %end
look:
  %p = getelementptr float, ptr %values, i64 %i
  %v = load float, ptr %p
  %x = fpext float %v to double
  %above = fcmp oge double %x, %low
  %below = fcmp ole double %x, %high
  %inside = and i1 %above, %below
  br i1 %inside, label %bin, label %next
bin:
  %offset = fsub double %x, %low
  %scaled = fmul double %offset, %scale
  %guess = fptosi double %scaled to i64
  %beyond = icmp sgt i64 %guess, %last
  %k = select i1 %beyond, i64 %last, i64 %guess
  %left.p = getelementptr double, ptr %edges, i64 %k
  %left = load double, ptr %left.p
  %right.p = getelementptr double, ptr %left.p, i64 1
  %right = load double, ptr %right.p
  %low.side = fcmp ogt double %left, %x
  %past = fcmp oge double %x, %right
  %open = icmp slt i64 %k, %last
  %high.side = and i1 %past, %open
  %down = sext i1 %low.side to i64
  %up = zext i1 %high.side to i64
  %moved = add i64 %k, %down
  %index = add i64 %moved, %up
  %c = getelementptr i64, ptr %counts, i64 %index
  %count = load i64, ptr %c
  %count.next = add i64 %count, 1
  store i64 %count.next, ptr %c
  br label %next
next:
  %i.next = add i64 %i, 1
  br label %loop
end:
  ret void
}
"""


def _products_loop(
    name: str, element: Element, queries: int, rows: int, *, start: str, after: str
) -> str:
    """Write one loop over blocks of `rows` rows; labels and values are prefixed by `name`."""
    pairs = [(r, q) for r in range(rows) for q in range(queries)]
    lines = [
        f"{name}.row:",
        f"  %{name}.i = phi i64 {start}, [%{name}.i.next, %{name}.store]",
        f"  %{name}.i.next = add i64 %{name}.i, {rows}",
        f"  %{name}.more = icmp ule i64 %{name}.i.next, %n",
        f"  br i1 %{name}.more, label %{name}.begin, label %{after}",
        f"{name}.begin:",
    ]
    for r in range(rows):
        lines += [
            f"  %{name}.i{r} = add i64 %{name}.i, {r}",
            f"  %{name}.start{r} = mul i64 %{name}.i{r}, %d",
            f"  %{name}.p{r} = getelementptr {element}, ptr %rows, i64 %{name}.start{r}",
        ]
    for q in range(queries):
        lines += [
            f"  %{name}.qstart{q} = mul i64 %d, {q}",
            f"  %{name}.q{q} = getelementptr float, ptr %queries, i64 %{name}.qstart{q}",
        ]
    # Several rows at a time are several streams, which processors prefetch badly: ask for the
    # rows two blocks ahead as one stream, into the second-level cache (the queries need the
    # first). A prefetch beyond the end of the rows is harmless.
    ahead = 2 * rows * SIZES[element]
    lines += [
        f"  %{name}.ahead.start = mul i64 %d, {ahead}",
        f"  %{name}.ahead = getelementptr i8, ptr %{name}.p0, i64 %{name}.ahead.start",
        f"  br label %{name}.wide",
        f"{name}.wide:",
        f"  %{name}.j = phi i64 [0, %{name}.begin], [%{name}.j.next, %{name}.body]",
    ]
    for r, q in pairs:
        lines.append(
            f"  %{name}.sum{r}.{q} = phi {_VECTOR} [zeroinitializer, %{name}.begin],"
            f" [%{name}.sum{r}.{q}.next, %{name}.body]"
        )
    lines += [
        f"  %{name}.wide.more = icmp ult i64 %{name}.j, %whole",
        f"  br i1 %{name}.wide.more, label %{name}.body, label %{name}.fold",
        f"{name}.body:",
    ]
    for q in range(queries):
        lines.append(_load(f"{name}.w{q}", "float", f"%{name}.q{q}", f"%{name}.j", LANES))
    for r in range(rows):
        lines.append(_load(f"{name}.x{r}", element, f"%{name}.p{r}", f"%{name}.j", LANES))
    for r, q in pairs:
        lines.append(
            f"  %{name}.sum{r}.{q}.next = call {_VECTOR} @llvm.fma.v{LANES}f32({_VECTOR}"
            f" %{name}.x{r}, {_VECTOR} %{name}.w{q}, {_VECTOR} %{name}.sum{r}.{q})"
        )
    if rows > 1:
        lines.append(f"  %{name}.far = mul i64 %{name}.j, {rows * SIZES[element]}")
        for line in range(0, rows * LANES * SIZES[element], 64):
            lines += [
                f"  %{name}.far{line} = add i64 %{name}.far, {line}",
                f"  %{name}.fp{line} = getelementptr i8, ptr %{name}.ahead, i64 %{name}.far{line}",
                f"  call void @llvm.prefetch.p0(ptr %{name}.fp{line}, i32 0, i32 2, i32 1)",
            ]
    lines += [
        f"  %{name}.j.next = add i64 %{name}.j, {LANES}",
        f"  br label %{name}.wide",
        f"{name}.fold:",
    ]
    for r, q in pairs:
        lines.append(
            f"  %{name}.folded{r}.{q} = call reassoc float @llvm.vector.reduce.fadd.v{LANES}f32("
            f"float 0.0, {_VECTOR} %{name}.sum{r}.{q})"
        )
    lines += [
        f"  br label %{name}.tail",
        f"{name}.tail:",
        f"  %{name}.t = phi i64 [%whole, %{name}.fold], [%{name}.t.next, %{name}.tail.body]",
    ]
    for r, q in pairs:
        lines.append(
            f"  %{name}.dot{r}.{q} = phi float [%{name}.folded{r}.{q}, %{name}.fold],"
            f" [%{name}.dot{r}.{q}.next, %{name}.tail.body]"
        )
    lines += [
        f"  %{name}.tail.more = icmp ult i64 %{name}.t, %d",
        f"  br i1 %{name}.tail.more, label %{name}.tail.body, label %{name}.store",
        f"{name}.tail.body:",
    ]
    for q in range(queries):
        lines.append(_load(f"{name}.u{q}", "float", f"%{name}.q{q}", f"%{name}.t", 1))
    for r in range(rows):
        lines.append(_load(f"{name}.y{r}", element, f"%{name}.p{r}", f"%{name}.t", 1))
    for r, q in pairs:
        lines.append(
            f"  %{name}.dot{r}.{q}.next = call float @llvm.fma.f32(float %{name}.y{r},"
            f" float %{name}.u{q}, float %{name}.dot{r}.{q})"
        )
    lines += [
        f"  %{name}.t.next = add i64 %{name}.t, 1",
        f"  br label %{name}.tail",
        f"{name}.store:",
    ]
    for r in range(rows):
        lines.append(_load(f"{name}.scale{r}", "float", "%scales", f"%{name}.i{r}", 1))
    for r, q in pairs:
        it = f"%{name}.out{r}.{q}"
        lines += [
            f"  {it} = fmul float %{name}.dot{r}.{q}, %{name}.scale{r}",
            f"  {it}.high = fcmp ogt float {it}, 1.0",
            f"  {it}.top = select i1 {it}.high, float 1.0, float {it}",
            f"  {it}.low = fcmp ogt float -1.0, {it}.top",
            f"  {it}.clipped = select i1 {it}.low, float -1.0, float {it}.top",
            f"  {it}.line = mul i64 %stride, {q}",
            f"  {it}.at = add i64 {it}.line, %{name}.i{r}",
            f"  {it}.p = getelementptr float, ptr %out, i64 {it}.at",
            f"  store float {it}.clipped, ptr {it}.p",
        ]
    lines.append(f"  br label %{name}.row")
    return "\n".join(lines) + "\n"


def _load(name: str, element: Element, pointer: str, index: str, lanes: int) -> str:
    """Write the load of `lanes` elements at ``pointer[index]``, as float."""
    stored = element if lanes == 1 else f"<{lanes} x {element}>"
    wanted = "float" if lanes == 1 else _VECTOR
    target = f"%{name}" if element == "float" else f"%{name}.stored"
    lines = [
        f"  %{name}.at = getelementptr {element}, ptr {pointer}, i64 {index}",
        f"  {target} = load {stored}, ptr %{name}.at, align {SIZES[element]}",
    ]
    if element == "half":
        lines.append(f"  %{name} = fpext {stored} {target} to {wanted}")
    return "\n".join(lines)
