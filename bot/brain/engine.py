"""Runs the transformer of multilingual-e5-small: from word pieces to one sentence vector.

The layers are written once as an ONNX graph with matrices of eight bits (one scale an output) and run in onnxruntime, four
times as fast as the package's own engine. Word and position vectors stay in the mapped model file: of a quarter of a
million rows only those of the words in use are read.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from bot.brain.pieces import Pieces
from bot.brain.weights import Floats, Weights, unpacked

_WORDS, _VECTOR = "words", "vector"
_CONTRIB = "com.microsoft"
#: What the model was trained to see before a question.
_PREFIX = "query: "


class Engine:
    """One model, one thread a call; calls may run beside each other."""

    def __init__(self, weights: Weights, graph: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._weights, self._pieces, self._most = weights, Pieces(weights.vocabulary), weights.longest - 2
        self._places = weights.matrix("emb.pos", weights.longest) + weights.tensor("emb.type")[: weights.width]
        self._norm = weights.tensor("emb.ln.w"), weights.tensor("emb.ln.b")

    def vector(self, text: str) -> Floats:
        """384 numbers of length one for a text that was brought to its normal form."""
        ids = np.array(self._pieces.ids(_PREFIX + text, self._most))
        state = self._weights.word_vectors(ids) + self._places[: len(ids)]
        moved = state - state.mean(axis=1, keepdims=True)
        state = moved / np.sqrt(state.var(axis=1, keepdims=True) + self._weights.epsilon) * self._norm[0] + self._norm[1]
        mean: Floats = self._session.run([_VECTOR], {_WORDS: state.astype(np.float32)})[0]
        return mean / np.linalg.norm(mean)


def write_graph(weights: Weights, layers: Mapping[str, npt.NDArray[np.generic]], target: Path) -> None:
    """Writes the graph of the model with some tensors replaced (`layers`, as in the model file); readers see all or none."""
    content = _Graph(weights, layers).model().SerializeToString()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, target)


class _Graph:
    """Writes the graph node by node; each method returns the name of what it computes."""

    def __init__(self, weights: Weights, layers: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._weights, self._layers = weights, layers
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def model(self) -> onnx.ModelProto:
        width = self._weights.width
        state = _WORDS
        for number in range(self._weights.layers):
            state = self._layer(state, f"l{number}.")
        self._nodes.append(helper.make_node("ReduceMean", [state], [_VECTOR], axes=[0], keepdims=0))
        rows = helper.make_tensor_value_info(_WORDS, TensorProto.FLOAT, [None, width])
        vector = helper.make_tensor_value_info(_VECTOR, TensorProto.FLOAT, [width])
        graph = helper.make_graph(self._nodes, "e5", [rows], [vector], self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_CONTRIB, 1)], ir_version=8)

    def _layer(self, state: str, layer: str) -> str:
        width, heads = self._weights.width, self._weights.heads
        size = width // heads
        split = self._constant(f"{layer}split", np.array([-1, heads, size], np.int64))
        joined = self._constant(f"{layer}joined", np.array([-1, width], np.int64))
        factor = self._constant(f"{layer}factor", np.array(1 / math.sqrt(size), np.float32))

        def heads_of(name: str, *order: int) -> str:
            return self._add("Transpose", self._add("Reshape", self._times(state, layer + name, width), split), perm=order)

        scores = self._add("MatMul", heads_of("q", 1, 0, 2), heads_of("k", 1, 2, 0))
        shares = self._add("Softmax", self._add("Mul", scores, factor), axis=-1)
        mixed = self._add("Transpose", self._add("MatMul", shares, heads_of("v", 1, 0, 2)), perm=[1, 0, 2])
        state = self._normal(state, self._times(self._add("Reshape", mixed, joined), f"{layer}ao", width), f"{layer}aln")
        inner = self._add("Gelu", self._times(state, f"{layer}fi", self._weights.inner), domain=_CONTRIB)
        return self._normal(state, self._times(inner, f"{layer}fo", width), f"{layer}oln")

    def _times(self, rows: str, name: str, outputs: int) -> str:
        """Rows times a matrix of eight bits, plus its bias; the rows are rounded to eight bits as they come."""
        matrix = self._tensor(f"{name}.w").reshape(outputs, -1)
        scale = np.maximum(np.abs(matrix).max(axis=1), 1e-9) / 127
        parts = {
            "q": np.round(matrix / scale[:, None]).astype(np.int8).T,
            "scale": scale.astype(np.float32),
            "zero": np.zeros(outputs, np.int8),
            "bias": self._tensor(f"{name}.b"),
        }
        constants = [self._constant(f"{name}.{part}", values) for part, values in parts.items()]
        return self._add("DynamicQuantizeMatMul", rows, *constants, domain=_CONTRIB)

    def _normal(self, state: str, added: str, name: str) -> str:
        scale, bias = (self._constant(f"{name}.{part}", self._tensor(f"{name}.{part}")) for part in ("w", "b"))
        return self._add(
            "LayerNormalization", self._add("Add", state, added), scale, bias, epsilon=float(self._weights.epsilon), axis=-1
        )

    def _tensor(self, name: str) -> Floats:
        """A tensor of the layers given, else of the model file, flat and in full precision."""
        if name not in self._layers:
            return self._weights.tensor(name)
        values = self._layers[name]
        whole: Floats = unpacked(values).reshape(-1) if values.dtype == np.uint8 else values.astype(np.float32).reshape(-1)
        return whole

    def _constant(self, name: str, values: npt.NDArray[np.generic]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _add(self, operator: str, *inputs: str, **settings: object) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **settings))
        return name
