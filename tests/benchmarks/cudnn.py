"""Whether cuDNN computes a recipe's layers on this machine: a process of its own for `gpu`."""

from __future__ import annotations

import json
import sys

from charlstm.runs.recipes import find_recipe


def uses_cudnn(recipe_name: str) -> dict:
    """Whether cuDNN computes a recipe's layers, in a training step as the framework runs it."""
    from charlstm.training.device import prepare_device

    prepare_device()
    import keras
    import numpy as np

    from charlstm.training.model import build_models

    recipe = find_recipe(recipe_name)
    model = build_models(recipe, recipe.architecture(65)).training
    ids = np.zeros((recipe.lanes, recipe.window), np.int32)
    given = {"ids": ids, "keep": np.ones((recipe.lanes, 1), np.float32)}
    inputs = given if recipe.predicts_every_position else ids
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        values = [
            [variable.value for variable in variables]
            for variables in (model.trainable_variables, model.non_trainable_variables)
        ]
        step = jax.jit(lambda *each: model.stateless_call(*each, inputs, training=True)[0])
        return {"cudnn": "cudnn_rnn" in step.lower(*values).as_text()}
    if backend == "torch":
        from torch.profiler import profile

        with profile() as record:
            model(inputs, training=True)
        return {"cudnn": any("_cudnn_rnn" in event.key for event in record.key_averages())}
    import tensorflow as tf

    graph = tf.function(lambda: model(inputs, training=True)).get_concrete_function().graph
    nodes = [*graph.as_graph_def().node]
    nodes += [n for f in graph.as_graph_def().library.function for n in f.node_def]
    return {
        "cudnn": bool(tf.config.list_physical_devices("GPU"))
        and any("Cudnn" in n.op for n in nodes)
    }


if __name__ == "__main__":
    print(json.dumps(uses_cudnn(json.load(sys.stdin)["recipe"])))
