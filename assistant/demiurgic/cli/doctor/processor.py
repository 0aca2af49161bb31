"""What this machine's processor can do, in llama.cpp's own words. Only what makes models faster is told."""

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
_NAMES = {
    "avx": "AVX",
    "avx2": "AVX2",
    "f16c": "F16C",
    "fma": "FMA",
    "bmi2": "BMI2",
    "avx_vnni": "AVX_VNNI",
    "avx512f": "AVX512",
    "avx512_vbmi": "AVX512_VBMI",
    "avx512vbmi": "AVX512_VBMI",
    "avx512_vnni": "AVX512_VNNI",
    "avx512_bf16": "AVX512_BF16",
    "amx_int8": "AMX_INT8",
    "asimd": "NEON",
    "asimdhp": "FP16_VA",
    "asimddp": "DOTPROD",
    "i8mm": "MATMUL_INT8",
    "sve": "SVE",
    "sme": "SME",
}
"""Linux's names for them."""


def features(cpuinfo: Path = CPUINFO) -> list[str]:
    """What the processor has; empty where that cannot be told."""
    try:
        text = cpuinfo.read_text("utf-8", "replace")
    except OSError:
        return ["NEON"] if platform.machine() in ("arm64", "aarch64") else []
    for line in text.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return list(dict.fromkeys(_NAMES[flag] for flag in flags.split() if flag in _NAMES))
    return []
