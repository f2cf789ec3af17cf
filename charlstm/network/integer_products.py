"""Sums of products of 16-bit integers, with the widest vectors that the processor has.

Processors have instructions, such as pmaddwd, that multiply 16-bit integers and add the products in
pairs, two to four times as many at once as float32 numbers. Compilers seldom choose them by
themselves, so the innermost loop is written here in LLVM's intermediate representation. For 64-bit
ARM, LLVM makes of it one smlal (multiply four 16-bit integers and add) for each four products, with
weights loaded and separated by ld2 and each input repeated by ld1r.
"""

from __future__ import annotations

from functools import reduce

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from charlstm.network.vectors import features, is_x86

COLUMNS = 64  # of a tile: 4 gates of 16 units

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
# The instruction that multiplies 16-bit integers and adds neighbouring products, for each width of
# vectors in 32-bit numbers.
_MULTIPLY_ADD = {
    16: "llvm.x86.avx512.pmaddw.d.512",
    8: "llvm.x86.avx2.pmadd.wd",
    4: "llvm.x86.sse2.pmadd.wd",
}
_VECTORS = 2  # of sums that are computed side by side for each text


def vector_width() -> int:
    """How many 32-bit numbers a vector holds that numba compiles for; 0 if not for x86."""
    if not is_x86():
        return 0
    if "avx512bw" in features():
        return 16
    return 8 if "avx2" in features() else 4


def group_columns(width: int) -> int:
    """How many columns `tile_sums` computes for vectors of this width."""
    return _VECTORS * (width or 4)


def tile_sums(rows: int, width: int, unrolled: int = 1):
    """Make a function, callable from compiled code, for the sums of products of a group of columns.

    Its arguments: hidden, int16, (batch, units); the first row; the first column of the inputs; the
    number of pairs of inputs; the weights, int16; where the group begins in them; sums, int32,
    (at least `rows`, COLUMNS), to which it adds; the index in them of the first row's first sum.

    Args:
        rows: how many rows of the batch it computes.
        width: of the vectors, see `vector_width`.
        unrolled: how many partial sums are kept until the end, so that an addition need not wait
            for the one before.
    """

    @intrinsic
    def sums_of_products(typing, hidden, row, column, pairs, weights, begin, sums, at):
        def generate(context, builder, signature, arguments):
            emit = _Emitter(builder, width or 4, bool(width))
            hidden, weights, sums = (
                context.make_array(signature.args[index])(context, builder, arguments[index])
                for index in (0, 4, 6)
            )
            row, column, pairs, begin, at = (arguments[index] for index in (1, 2, 3, 5, 7))
            stride = builder.extract_value(hidden.shape, 1)
            first = builder.add(builder.mul(row, stride), column)
            inputs = [
                builder.gep(hidden.data, [builder.add(first, builder.mul(stride, _I64(offset)))])
                for offset in range(rows)
            ]
            totals = emit.products(inputs, builder.gep(weights.data, [begin]), pairs, unrolled)
            for offset, vectors in enumerate(totals):
                for index, vector in enumerate(vectors):
                    place = builder.add(at, _I64(offset * COLUMNS + index * emit.width))
                    emit.add_to(builder.gep(sums.data, [place]), vector)
            return context.get_dummy_value()

        return types.void(hidden, row, column, pairs, weights, begin, sums, at), generate

    return sums_of_products


class _Emitter:
    """Emits the vector code of `tile_sums`."""

    def __init__(self, builder: ir.IRBuilder, width: int, is_x86: bool):
        self.builder = builder
        self.width = width
        self.is_x86 = is_x86
        self.sums = ir.VectorType(_I32, width)
        self.pairs = ir.VectorType(_I16, 2 * width)
        self.halves = ir.VectorType(_I16, width)
        self.zero = ir.Constant(self.sums, [0] * width)

    def products(self, inputs, weights, pairs, unrolled: int) -> list[list]:
        """Emit a loop over the pairs of inputs; returns vectors of sums, (rows, vectors)."""
        builder = self.builder
        kept = [
            [
                [cgutils.alloca_once(builder, self.sums) for _ in range(_VECTORS)]
                for _ in range(unrolled)
            ]
            for _ in inputs
        ]
        for cell in (cell for row in kept for sums in row for cell in sums):
            builder.store(self.zero, cell)
        with cgutils.for_range(builder, builder.udiv(pairs, _I64(unrolled))) as loop:
            for index in range(unrolled):
                pair = builder.add(builder.mul(loop.index, _I64(unrolled)), _I64(index))
                line = builder.mul(pair, _I64(2 * _VECTORS * self.width))
                line = builder.gep(weights, [line])
                vectors = [self._load(line, 2 * self.width * n) for n in range(_VECTORS)]
                for row, values in enumerate(inputs):
                    both = self._broadcast(values, pair)
                    for cell, vector in zip(kept[row][index], vectors, strict=True):
                        total = builder.add(builder.load(cell), self._multiply_add(vector, both))
                        builder.store(total, cell)
        totals = []
        for partial_sums in kept:
            loaded = [[builder.load(cell) for cell in sums] for sums in partial_sums]
            totals.append([reduce(builder.add, parts) for parts in zip(*loaded, strict=True)])
        return totals

    def add_to(self, pointer, vector) -> None:
        """Add a vector to the numbers at the pointer."""
        target = self.builder.bitcast(pointer, self.sums.as_pointer())
        before = self.builder.load(target)
        before.align = 4
        self.builder.store(self.builder.add(before, vector), target).align = 4

    def _load(self, pointer, offset: int):
        source = self.builder.gep(pointer, [_I64(offset)])
        vector = self.builder.load(self.builder.bitcast(source, self.pairs.as_pointer()))
        vector.align = 2
        return vector

    def _broadcast(self, values, pair) -> list:
        """Vectors that repeat a pair of inputs: on x86 one of both, else one of each."""
        builder = self.builder
        if self.is_x86:
            both = builder.load(builder.gep(builder.bitcast(values, _I32.as_pointer()), [pair]))
            both.align = 2
            return [builder.bitcast(self._repeat(both, self.sums), self.pairs)]
        first = builder.mul(pair, _I64(2))
        places = [builder.gep(values, [builder.add(first, _I64(odd))]) for odd in (0, 1)]
        return [self._repeat(builder.load(place), self.halves) for place in places]

    def _repeat(self, value, kind: ir.VectorType):
        builder = self.builder
        nothing = ir.Constant(kind, ir.Undefined)
        first = builder.insert_element(nothing, value, _I32(0))
        return builder.shuffle_vector(first, nothing, self.zero)

    def _multiply_add(self, vector, inputs: list):
        """Multiply 16-bit integers and add each two neighbouring products: 32-bit integers."""
        builder = self.builder
        if self.is_x86:
            kind = ir.FunctionType(self.sums, [self.pairs, self.pairs])
            function = cgutils.get_or_insert_function(
                builder.module, kind, _MULTIPLY_ADD[self.width]
            )
            return builder.call(function, [vector, *inputs])
        nothing = ir.Constant(self.pairs, ir.Undefined)
        products = []
        for odd, repeated in enumerate(inputs):
            lanes = ir.Constant(self.sums, [2 * lane + odd for lane in range(self.width)])
            weights = builder.shuffle_vector(vector, nothing, lanes)
            factors = [builder.sext(factor, self.sums) for factor in (weights, repeated)]
            products.append(builder.mul(*factors))
        return builder.add(*products)
