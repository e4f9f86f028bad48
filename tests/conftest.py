"""Settings that must be there before any test imports torch or tokenizers, and where real data lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Two threads suit the smallest machine; more processes of more threads than there are cores slow each other forty-fold.
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# A test that would fetch something fails instead.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the repository."""
    return CHECKOUT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Extracts of public data sets beside the checkout, never committed; the test skips where there are none."""
    folder = CHECKOUT.parent / "shared" / "real_data"
    if not folder.is_dir():
        pytest.skip("no ../shared/real_data beside this checkout")
    return folder
