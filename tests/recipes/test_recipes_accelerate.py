"""Accelerate reads the launch configs as its own launcher does."""

import pytest
import yaml
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import FullyShardedDataParallelPlugin
from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

NAMES = ["ddp", "fsdp2", "zero3", "nodes_vllm"]


@pytest.fixture(params=NAMES)
def launched(request, checkout):
    """What the launcher makes of a config: its name, and its arguments."""
    path = checkout / "recipes" / "accelerate" / f"{request.param}.yaml"
    command = ["--config_file", str(path), "-m", "seethink.cli", "train", "run", "RECIPE"]
    arguments, defaults, _ = _validate_launch_command(launch_command_parser().parse_args(command))
    return request.param, arguments, defaults


def test_every_config_is_tested(checkout):
    assert {path.stem for path in (checkout / "recipes" / "accelerate").glob("*.yaml")} == set(NAMES)


def test_the_launcher_takes_it_as_it_is_meant(launched):
    name, arguments, defaults = launched
    assert arguments.num_processes == (16 if name == "nodes_vllm" else 8)
    assert (arguments.multi_gpu, arguments.use_fsdp, arguments.use_deepspeed) == {
        "ddp": (True, False, False),
        "fsdp2": (False, True, False),
        "zero3": (False, False, True),
        "nodes_vllm": (False, True, False),
    }[name]
    assert arguments.mixed_precision == "no" and arguments.training_script == "seethink.cli"
    assert defaults.num_machines == (2 if name == "nodes_vllm" else 1)


def test_sharding_reaches_the_processes_and_is_what_the_plugin_understands(launched, monkeypatch):
    name, arguments, _ = launched
    if name == "ddp":
        pytest.skip("nothing is sharded")
    if name == "zero3":
        arguments.deepspeed_fields_from_accelerate_config = "zero_stage"
        _, environment = prepare_deepspeed_cmd_env(arguments)
        assert environment["ACCELERATE_USE_DEEPSPEED"] == "true"
        assert environment["ACCELERATE_DEEPSPEED_ZERO_STAGE"] == "3"
        assert environment["ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL"] == "true"
        return
    environment = prepare_multi_gpu_env(arguments)
    assert environment["ACCELERATE_USE_FSDP"] == "true"
    for key, value in environment.items():
        if key.startswith("FSDP_"):
            monkeypatch.setenv(key, value)
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2 and plugin.reshard_after_forward is True
    assert "FULL_STATE_DICT" in str(plugin.state_dict_type) and not plugin.cpu_ram_efficient_loading


def test_layers_that_fsdp_wraps_are_the_models_own(tiny):
    from accelerate.utils.dataclasses import get_module_class_from_name

    from seethink.models.load import load_checkpoint

    model = load_checkpoint(tiny).model
    for name in model._no_split_modules:
        assert get_module_class_from_name(model, name) is not None


def test_every_config_says_how_it_is_launched(checkout):
    for name in NAMES:
        text = (checkout / "recipes" / "accelerate" / f"{name}.yaml").read_text()
        assert f"accelerate launch --config_file recipes/accelerate/{name}.yaml" in text
        assert yaml.safe_load(text)["mixed_precision"] == "no"
