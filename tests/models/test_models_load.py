import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from seethink.core.rejected import InputError
from seethink.models.load import FAMILIES, PARTS, Checkpoint, freeze, load_checkpoint, save_checkpoint, weights_hash
from seethink.models.sampling import sample

VISION = ("model.visual.blocks.", "model.visual.patch_embed.")


def configure(folder, **fields):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def without_config(folder):
    (folder / "config.json").unlink()


def of_another_family(folder):
    configure(folder, model_type="llama")


def with_broken_config(folder):
    (folder / "config.json").write_text('{"model_type": "qwen2_5_vl",')


def with_a_list_for_a_config(folder):
    (folder / "config.json").write_text("[1]")


def with_a_larger_tokenizer(folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<|one|>", "<|two|>"])
    tokenizer.save_pretrained(folder)


def named(tensors, ending):
    return next(name for name in tensors if name.endswith(ending))


def with_a_tensor_missing(folder):
    tensors = load_file(folder / "model.safetensors")
    del tensors[named(tensors, "merger.mlp.0.weight")]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def with_a_tensor_of_another_shape(folder):
    tensors = load_file(folder / "model.safetensors")
    tensors[named(tensors, "merger.mlp.0.weight")] = torch.zeros(3, 3)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def without_weights(folder):
    (folder / "model.safetensors").unlink()


def with_weights_cut_short(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100_000])


def without_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def without_chat_template(folder):
    (folder / "chat_template.jinja").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (without_config, "no config.json there; give a folder saved by save_pretrained, or 'base'"),
        (of_another_family, "model_type 'llama' is not supported, only qwen2_5_vl"),
        (with_broken_config, "config.json is not JSON"),
        (with_a_list_for_a_config, "config.json"),
        (with_a_larger_tokenizer, "use the tokenizer saved with these weights"),
        (with_a_tensor_missing, r"do not fit its config .*merger.*save it again whole"),
        (with_a_tensor_of_another_shape, "do not fit its config"),
        (without_weights, "weights"),
        (with_weights_cut_short, "weights"),
        (without_tokenizer, "tokenizer"),
        (without_chat_template, "add chat_template.jinja"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_named_with_the_remedy(copy, damage, said):
    damage(copy)
    with pytest.raises(InputError, match=said) as caught:
        load_checkpoint(copy)
    assert str(copy) in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    for refused in (load_checkpoint, weights_hash):
        with pytest.raises(InputError, match=r"nowhere: no .* give a folder saved by save_pretrained"):
            refused(tmp_path / "nowhere")


def test_a_precision_that_torch_does_not_have_is_named(tiny):
    with pytest.raises(InputError, match="float31"):
        load_checkpoint(tiny, dtype="float31")


def test_freezing_the_vision_tower_leaves_the_rest(tiny):
    model = load_checkpoint(tiny).model
    whole = freeze(model, ())
    trained = freeze(model, ("vision",))
    assert sum(whole.values()) == sum(p.numel() for p in model.parameters()) and set(whole) == set(PARTS)
    assert trained == whole | {"vision": 0} and whole["vision"] > 0 and whole["merger"] > 0
    assert all(p.requires_grad != name.startswith(VISION) for name, p in model.named_parameters())


def test_no_family_leaves_a_piece_of_its_tower_trained(checkpoint, tiny_family):
    for family in FAMILIES:
        model = tiny_family(family, checkpoint)
        freeze(model, ("vision", "merger"))
        assert not any(p.requires_grad for p in model.model.visual.parameters())
        assert all(p.requires_grad for p in model.model.language_model.parameters())


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_loaded_with_the_processor_for_pictures_alone(
    checkpoint, tiny_family, tmp_path, family, prompts
):
    model = tiny_family(family, checkpoint)
    save_checkpoint(model, checkpoint.processor, tmp_path)
    [[drawn]] = sample(load_checkpoint(tmp_path), prompts[:1], temperature=0, max_tokens=5)
    [[expected]] = sample(Checkpoint(model, checkpoint.processor, tmp_path), prompts[:1], temperature=0, max_tokens=5)
    assert drawn == expected


def test_freezing_again_thaws_what_is_no_longer_named(tiny):
    model = load_checkpoint(tiny).model
    freeze(model, ("vision", "merger", "language"))
    assert not any(p.requires_grad for p in model.parameters())
    freeze(model, ("merger",))
    assert all(p.requires_grad != name.startswith("model.visual.merger.") for name, p in model.named_parameters())


def test_a_part_that_no_model_has_is_named(checkpoint):
    with pytest.raises(InputError, match=r"frozen parts \['eyes'\].*'language', 'merger', 'vision'"):
        freeze(checkpoint.model, ("vision", "eyes"))


def test_the_hash_changes_with_one_weight_and_with_the_tokenizer(tiny, copy):
    same = weights_hash(copy)
    tensors = load_file(copy / "model.safetensors")
    tensors[named(tensors, "merger.mlp.0.bias")][0] += 1e-3
    save_file(tensors, copy / "model.safetensors", {"format": "pt"})
    changed = weights_hash(copy)
    (copy / "tokenizer.json").write_text("{}")
    assert same == weights_hash(tiny) and len({same, changed, weights_hash(copy)}) == 3


def test_saving_and_loading_changes_no_weight(tiny, checkpoint, tmp_path):
    save_checkpoint(checkpoint.model, checkpoint.processor, tmp_path)
    assert weights_hash(tmp_path) == weights_hash(tiny)
