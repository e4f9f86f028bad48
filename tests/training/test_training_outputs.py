import json

import pytest
import torch
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

from seethink.core.rejected import InputError
from seethink.models.load import load_checkpoint
from seethink.models.saving import OF_THE_START
from seethink.training.lora import merge_run
from seethink.training.settings import LoRA
from seethink.training.sft import SFTConfig
from seethink.training.train import train_sft

CONFIG = SFTConfig(steps=2, batch=2, learning_rate=1e-2, warmup=0.0)
ADAPTERS = CONFIG.model_copy(update={"lora": LoRA(rank=4, alpha=8, base_dtype="float32")})


@pytest.fixture(scope="module")
def trained(tiny, demonstrations, world_images, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    train_sft(CONFIG, tiny, demonstrations, world_images, out)
    return out / "model"


@pytest.fixture(scope="module")
def adapted(tiny, demonstrations, world_images, tmp_path_factory):
    out = tmp_path_factory.mktemp("adapted")
    config = ADAPTERS.model_copy(update={"lora": ADAPTERS.lora.model_copy(update={"merged": False})})
    train_sft(config, tiny, demonstrations, world_images, out)
    return out


def logits(model):
    ids = torch.arange(7, 27)[None]
    with torch.no_grad():
        return model.eval()(input_ids=ids, mm_token_type_ids=torch.zeros_like(ids)).logits


def test_all_but_the_weights_is_the_starts_byte_for_byte(tiny, trained):
    written = {path.name for path in trained.iterdir()}
    assert written == {path.name for path in tiny.iterdir()}
    for name in written & set(OF_THE_START):
        assert (trained / name).read_bytes() == (tiny / name).read_bytes(), name
    assert (trained / "model.safetensors").read_bytes() != (tiny / "model.safetensors").read_bytes()


def test_stock_classes_load_what_was_trained(trained):
    model, report = AutoModelForImageTextToText.from_pretrained(trained, output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"]
    assert logits(model).equal(logits(load_checkpoint(trained).model))
    assert AutoTokenizer.from_pretrained(trained).chat_template
    ours = load_checkpoint(trained).processor.image_processor
    stock = AutoImageProcessor.from_pretrained(trained)
    assert dict(stock.size) == dict(ours.size) and tuple(stock.image_mean) == tuple(ours.image_mean)


def test_the_stock_processor_loads_where_its_torchvision_is(trained):
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):
        # The library's class wants a video processor, which wants torchvision; a CPU build of torch has none.
        settings = json.loads((trained / "preprocessor_config.json").read_text())
        assert settings["processor_class"] == "Qwen2_5_VLProcessor"
        assert (trained / "video_preprocessor_config.json").is_file()
        pytest.skip("no torchvision: the files are there, the class cannot be made")
    from transformers import AutoProcessor, Qwen2_5_VLProcessor

    assert isinstance(AutoProcessor.from_pretrained(trained), Qwen2_5_VLProcessor)


def test_an_adapter_is_merged_on_request_into_a_checkpoint_like_any_other(tiny, adapted):
    from peft import PeftModel

    assert not (adapted / "model").exists()
    merged = merge_run(adapted)
    with_adapter = PeftModel.from_pretrained(load_checkpoint(tiny).model, str(adapted / "adapter"))
    found = logits(AutoModelForImageTextToText.from_pretrained(merged))
    assert torch.allclose(found, logits(with_adapter), atol=1e-4)
    assert not torch.allclose(found, logits(load_checkpoint(tiny).model), atol=1e-2)


def test_adapters_leave_the_frozen_weights_alone(tiny, adapted):
    from safetensors.torch import load_file

    names = list(load_file(adapted / "adapter" / "adapter_model.safetensors"))
    assert names and all("lora_" in name and "language_model" in name for name in names)


def test_training_merges_by_itself_unless_told_not_to(tiny, demonstrations, world_images, tmp_path):
    manifest = train_sft(ADAPTERS, tiny, demonstrations, world_images, tmp_path)
    assert (tmp_path / "adapter" / "adapter_config.json").is_file()
    assert load_checkpoint(tmp_path / "model").model.config.model_type == "qwen2_5_vl"
    # Rank 4 beside seven layers of five blocks: four times the rows and columns of each.
    assert manifest["cost"]["trained_vision"] == manifest["cost"]["trained_merger"] == 0
    assert 0 < manifest["cost"]["trained_language"] < 100_000


def test_what_cannot_be_merged_is_named(trained, adapted):
    with pytest.raises(InputError, match="holds no adapter"):
        merge_run(trained.parent)
    with pytest.raises(InputError, match="is not the checkpoint that"):
        merge_run(adapted, "base")
