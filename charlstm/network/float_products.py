"""Products of float matrices with few columns, with the widest vectors that the processor has.

An LSTM multiplies its recurrent weights with the states of some lanes at every character. General
libraries are made for larger matrices and reach a fraction of the processor's speed here, so the
innermost loops are written in LLVM's intermediate representation: one for vectors of float32 (fused
multiply-add), and one for the matrix units (AMX) that multiply tiles of bfloat16.
"""

from __future__ import annotations

import ctypes
import sys

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from charlstm.network.vectors import features, is_x86

COLUMNS = 16  # of a product that are computed together
TILE_ROWS, TILE_DEPTH = 16, 32  # of a tile of weights in bfloat16
TILES = 4  # of sums that are computed side by side

_F32, _I8, _I32, _I64 = ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
_POINTER = _I8.as_pointer()
_TILE_BYTES = 1024
_FIRST_WEIGHTS, _INPUTS = TILES, 6  # numbers of tiles: 0 to 3 hold sums, 4 and 5 weights

# Linux gives a process the use of the tiles when it asks for it.
_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA = 158, 0x1023, 18


def float_width() -> int:
    """How many float32 numbers a vector of this processor holds."""
    if "avx512f" in features():
        return 16
    return 8 if {"avx2", "fma"} <= features() else 4


def rows_together(width: int) -> int:
    """How many rows of a product are computed together: as many as there are registers for.

    Args:
        width: of the vectors, see `float_width`.
    """
    if width == 4 and is_x86():
        return 2
    return {16: 16, 8: 6, 4: 4}[width]


def has_matrix_units() -> bool:
    """Whether the processor has matrix units for bfloat16."""
    return {"amx-bf16", "amx-tile"} <= features()


def may_use_matrix_units() -> bool:
    """Whether this process may use them; asks the operating system."""
    if not (has_matrix_units() and sys.platform == "linux"):
        return False
    return ctypes.CDLL(None).syscall(_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA) == 0


def tile_settings() -> np.ndarray:
    """The settings of the matrix units, (64,), uint8: eight tiles of 16 rows of 64 bytes."""
    settings = np.zeros(64, np.uint8)
    settings[0] = 1  # the palette
    settings[16:32:2] = 64  # bytes of a row
    settings[48:56] = TILE_ROWS
    return settings


def vector_products(rows: int, width: int):
    """Make a function, callable from compiled code, that computes `rows` rows of a product.

    Its arguments: weights, float32, packed by depth, then by row; where they begin; inputs,
    float32, (depth, COLUMNS); the depth; sums, float32, which it fills in; where the first row of
    sums begins; how far apart their rows are.
    """

    @intrinsic
    def products(typing, weights, begin, inputs, depth, sums, first, stride):
        def generate(context, builder, signature, arguments):
            weights, inputs, sums = (
                context.make_array(signature.args[index])(context, builder, arguments[index])
                for index in (0, 2, 4)
            )
            begin, depth, first, stride = (arguments[index] for index in (1, 3, 5, 6))
            vector = ir.VectorType(_F32, width)
            fma = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(vector, [vector] * 3),
                f"llvm.fmuladd.v{width}f32",  # fused where the processor can do that
            )
            nothing = ir.Constant(vector, ir.Undefined)
            same = ir.Constant(ir.VectorType(_I32, width), [0] * width)
            parts = COLUMNS // width
            totals = [
                [cgutils.alloca_once(builder, vector) for _ in range(parts)] for _ in range(rows)
            ]
            for total in (total for row in totals for total in row):
                builder.store(ir.Constant(vector, [0.0] * width), total)
            weights = builder.gep(weights.data, [begin])
            with cgutils.for_range(builder, depth) as loop:
                line = builder.mul(loop.index, _I64(COLUMNS))
                values = [
                    _load(builder, inputs.data, builder.add(line, _I64(part * width)), vector)
                    for part in range(parts)
                ]
                line = builder.mul(loop.index, _I64(rows))
                for row in range(rows):
                    weight = builder.load(builder.gep(weights, [builder.add(line, _I64(row))]))
                    weight = builder.insert_element(nothing, weight, _I32(0))
                    weight = builder.shuffle_vector(weight, nothing, same)
                    for total, value in zip(totals[row], values, strict=True):
                        builder.store(
                            builder.call(fma, [weight, value, builder.load(total)]), total
                        )
            for row, parts_of_row in enumerate(totals):
                at = builder.add(first, builder.mul(stride, _I64(row)))
                for part, total in enumerate(parts_of_row):
                    target = builder.gep(sums.data, [builder.add(at, _I64(part * width))])
                    target = builder.bitcast(target, vector.as_pointer())
                    builder.store(builder.load(total), target).align = 4
            return context.get_dummy_value()

        signature = types.void(weights, begin, inputs, depth, sums, first, stride)
        return signature, generate

    return products


def _load(builder, data, at, vector):
    loaded = builder.load(builder.bitcast(builder.gep(data, [at]), vector.as_pointer()))
    loaded.align = 4
    return loaded


@intrinsic
def tile_products(typing, weights, begin, inputs, depth, sums, first, stride):
    """Compute TILES * TILE_ROWS rows of a product in the matrix units.

    Args:
        weights: uint16 (the bits of bfloat16), packed by block of TILE_ROWS rows, then by
            TILE_DEPTH numbers of depth, then by row.
        begin: where they begin.
        inputs: uint16, (depth / 2, COLUMNS, 2).
        depth: a multiple of TILE_DEPTH.
        sums: float32, filled in.
        first: where the first row of sums begins.
        stride: how far apart the rows of sums are.
    """

    def generate(context, builder, signature, arguments):
        weights, inputs, sums = (
            context.make_array(signature.args[index])(context, builder, arguments[index])
            for index in (0, 2, 4)
        )
        begin, depth, first, stride = (arguments[index] for index in (1, 3, 5, 6))
        call = _caller(builder)
        weights = builder.bitcast(builder.gep(weights.data, [begin]), _POINTER)
        inputs = builder.bitcast(inputs.data, _POINTER)
        for tile in range(TILES):
            call("tilezero", _I8(tile))
        steps = builder.udiv(depth, _I64(TILE_DEPTH))
        with cgutils.for_range(builder, steps) as loop:
            offset = builder.mul(loop.index, _I64(_TILE_BYTES))
            call("tileloadd64", _I8(_INPUTS), builder.gep(inputs, [offset]), _I64(64))
            for tile in range(TILES):
                block = builder.mul(builder.mul(steps, _I64(_TILE_BYTES)), _I64(tile))
                source = builder.gep(weights, [builder.add(block, offset)])
                loaded = _FIRST_WEIGHTS + tile % 2
                call("tileloadd64", _I8(loaded), source, _I64(64))
                call("tdpbf16ps", _I8(tile), _I8(loaded), _I8(_INPUTS))
        target = builder.bitcast(builder.gep(sums.data, [first]), _POINTER)
        row_bytes = builder.mul(stride, _I64(4))
        for tile in range(TILES):
            block = builder.mul(row_bytes, _I64(TILE_ROWS * tile))
            call("tilestored64", _I8(tile), builder.gep(target, [block]), row_bytes)
        return context.get_dummy_value()

    signature = types.void(weights, begin, inputs, depth, sums, first, stride)
    return signature, generate


@intrinsic
def load_tile_settings(typing, settings):
    """Configure the matrix units of this thread; `settings` as `tile_settings` returns them."""
    return types.void(settings), _with_settings("ldtilecfg")


@intrinsic
def store_tile_settings(typing, settings):
    """Copy this thread's settings of the matrix units to `settings`, (64,), uint8."""
    return types.void(settings), _with_settings("sttilecfg")


def _with_settings(instruction: str):
    def generate(context, builder, signature, arguments):
        settings = context.make_array(signature.args[0])(context, builder, arguments[0])
        _caller(builder)(instruction, builder.bitcast(settings.data, _POINTER))
        return context.get_dummy_value()

    return generate


def _caller(builder):
    """A function that emits a call of an x86 instruction by its name in LLVM."""

    def call(name: str, *arguments) -> None:
        kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.{name}")
        builder.call(function, list(arguments))

    return call
