import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from seethink.core.chat import messages, system_prompt
from seethink.models.processor import load_processor
from seethink.models.sampling import Prompt
from seethink.training.pretrain import patchify

HOSTILE = [
    "",
    " ",
    "plain words",
    "Ünïcödé ✓ 漢字 🦜",
    "\x00\x07\ttabs\r\nlines\n\n",
    "\\frac{1}{2}  0.25 </think>",
    "-12.50",
]


def test_the_processor_needs_no_torchvision(tiny):
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from pathlib import Path; from PIL import Image; from seethink.models.processor import load_processor\n"
        f"inputs = load_processor(Path({str(tiny)!r}))(\n"
        "    text=['<|vision_start|><|image_pad|><|vision_end|>'], images=[Image.new('RGB', (84, 84))])\n"
        "print(len(inputs['pixel_values']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "36\n"


def test_pretraining_cuts_the_same_patches_as_the_processor(checkpoint, prompts):
    pictures = [prompt.images[0] for prompt in prompts]
    pictures = [picture for picture in pictures if picture.size == pictures[0].size][:4]
    cut = patchify(np.stack([np.asarray(picture) for picture in pictures]), checkpoint.processor)
    given = checkpoint.processor.image_processor(pictures, return_tensors="pt")["pixel_values"]
    assert len(pictures) > 1 and cut.shape == given.shape
    assert torch.allclose(cut, given, atol=1e-6)


def test_how_pictures_are_shifted_is_saved_with_the_checkpoint(checkpoint):
    # White paper is zero: the tiny model would not learn to see colours beside a large constant.
    white = checkpoint.processor.image_processor([Image.new("RGB", (84, 84), "white")], return_tensors="pt")
    assert white["pixel_values"].abs().max() == 0


def test_a_prompt_holds_the_system_prompt_and_one_pad_per_cell(checkpoint, world_items, prompts, encode):
    processor = checkpoint.processor
    for item, prompt in zip(world_items, prompts, strict=True):
        text = processor.apply_chat_template(prompt.messages, add_generation_prompt=True, tokenize=False)
        assert system_prompt() in text and item.question in text and text.endswith("<|im_start|>assistant\n")
        pads = encode(checkpoint, [prompt])["input_ids"] == checkpoint.model.config.image_token_id
        assert pads.sum() == item.meta["n"] ** 2


def test_picture_tokens_are_marked_for_their_positions(checkpoint, prompts, encode):
    # Without these marks Qwen2.5-VL silently counts pictures in one dimension.
    inputs = encode(checkpoint, prompts[:3])
    marked = inputs["mm_token_type_ids"].bool()
    assert torch.equal(marked, inputs["input_ids"] == checkpoint.model.config.image_token_id) and marked.any()


def test_a_response_ends_with_the_end_token(checkpoint, world_items):
    text = checkpoint.processor.apply_chat_template(messages(world_items[0], "<think>a</think>"), tokenize=False)
    assert text.rstrip().endswith("<think>a</think>" + checkpoint.processor.tokenizer.eos_token)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_comes_back_from_its_tokens(checkpoint, text):
    tokenizer = checkpoint.processor.tokenizer
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_max_pixels_shrinks_large_pictures_and_leaves_small_ones(tiny, checkpoint):
    processor = load_processor(tiny, max_pixels=16 * 28 * 28)
    large = Image.effect_noise((1200, 900), 50).convert("RGB")
    rows = [len(processor.image_processor(Image.new("RGB", size))["pixel_values"]) for size in ((84, 84), large.size)]
    assert rows[0] == 36 and rows[1] <= 16 * 4
    assert len(checkpoint.processor.image_processor(large)["pixel_values"]) > 64


def test_a_large_picture_gets_as_many_pads_as_it_has_merged_patches(tiny):
    processor = load_processor(tiny, max_pixels=16 * 28 * 28)
    chat = Prompt([{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "?"}]}], [])
    text = processor.apply_chat_template(chat.messages, tokenize=False)
    inputs = processor(text=[text], images=[Image.new("RGB", (640, 333))], return_tensors="pt")
    assert (inputs["input_ids"] == processor.image_token_id).sum() * 4 == len(inputs["pixel_values"])
