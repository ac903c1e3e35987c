"""What other programs call our settings: said when such a name is given."""

import math
from collections.abc import Mapping
from typing import Any

from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.data.part import Part
from ganvas.errors import UserError

OURS = {
    "`generator_optimiser.lr` and `discriminator_optimiser.lr`": "lr learning_rate",
    "`generator_optimiser.lr`": "lr_g g_lr lr_gen gen_lr generator_lr",
    "`discriminator_optimiser.lr`": "lr_d d_lr lr_disc disc_lr discriminator_lr critic_lr",
    "`generator_optimiser.betas` and `discriminator_optimiser.betas`": "beta1 beta2 b1 b2 betas",
    "`generator_optimiser.kind`, `discriminator_optimiser.kind`": "optimizer optim optimiser opt",
    "`generator_optimiser.kind=adamw`, which has a weight decay": "weight_decay wd",
    "`generator.latent`": "z_dim nz noise_dim latent_dim latent_size z_size noise_size latent",
    "`generator.width`": "ngf gf_dim g_conv_dim generator_width",
    "`discriminator.width`": "ndf df_dim d_conv_dim discriminator_width",
    "`generator.kind`, or another recipe (`ganvas recipes`)": "model arch architecture net_g gan",
    "`discriminator.kind`": "net_d critic",
    "`batch`": "batch_size bs mini_batch_size minibatch",
    "`accumulate`": "grad_accum accumulation_steps gradient_accumulation_steps",
    "`data.size`": "image_size img_size imsize resolution res size crop_size load_size",
    "`data.channels`": "nc channels image_channels img_channels num_channels n_channels",
    "`data.flip`": "mirror flip hflip horizontal_flip",
    "`data.limit`": "limit max_images num_images n_images max_dataset_size",
    "`data.split`": "split val_split num_train",
    "`data=SRC`": "dataset dataroot data_path data_dir data_root root train_dir image_dir",
    "`out=DIR`": "output output_dir outdir save_dir results_dir log_dir checkpoint_dir run_dir",
    "`name`": "exp_name experiment run_name experiment_name",
    "`device`, such as cuda": "gpu gpus gpu_id gpu_ids ngpu num_gpus cuda use_cuda no_cuda cpu",
    "`precision`": "amp fp16 half mixed_precision bf16 fp32",
    "`threads`": "num_threads n_threads",
    "`seed`": "random_seed manual_seed",
    "`game.loss`": "loss criterion gan_mode gan_loss loss_type adv_loss",
    "`game.real_label`": "label_smoothing smoothing real_label",
    "`game.fake_label`": "fake_label",
    "`game.critic_turns`": "n_critic critic_iters d_steps d_iters n_dis",
    "`game.penalties`, such as '[{kind: gradient, weight: 10}]'": "lambda_gp gp_weight gp lambda",
    "`game.penalties`, such as '[{kind: r1, weight: 0.5}]'": "gamma r1 r1_gamma",
    "`game.weight_clip`": "clip_value weight_clip",
    "`clip_gradient`": "clip grad_clip max_grad_norm clip_grad",
    "`half_life`, in images": "ema ema_decay ema_beta ema_kimg use_ema",
    "`condition.kind=class`": "conditional cond class_cond num_classes n_classes",
    "`augment.kind=diffaugment` (or ada)": "aug augmentation diffaug diff_augment ada",
    "`every.samples`, in images": "sample_interval sample_every show_every sample_freq save_images",
    "`every.log`, in images": "log_interval log_every print_every print_freq verbose",
    "`every.checkpoint`, in images": "save_every save_interval save_freq checkpoint_interval snap",
    "`evaluation.every`, in images": "eval_every eval_interval fid metrics",
    "`start=RUN`, to begin with another's weights": "pretrained ckpt checkpoint weights load_model",
    "`ganvas resume RUN`": "resume continue continue_train resume_from",
    "`ganvas sample RUN` with `count=N`": "num_samples n_samples sample_size",
    "`ganvas train FILE.yaml`": "config cfg config_file",
    "nothing: images lie in memory and need no process to load them": "workers num_workers n_cpu",
}
"""What is ours (or what to do instead), and what it is elsewhere."""

LENGTHS = {
    "epochs": "epochs epoch n_epochs num_epochs max_epochs niter",
    "steps": "steps iters iterations max_steps num_steps n_iter num_iters max_iter total_steps",
    "kimg": "kimg total_kimg",
}
"""How long elsewhere; here a length is always a number of images."""


def _plain(name: str) -> str:
    """``Batch-Size``, ``batchSize`` and ``batch_size`` are one name."""
    return name.lower().replace("_", "").replace("-", "")


def _by_name(table: Mapping[str, str]) -> dict[str, str]:
    return {_plain(name): ours for ours, names in table.items() for name in names.split()}


KNOWN, LONG = _by_name(OURS), _by_name(LENGTHS)


def ours(name: str, value: Any = None, recipe: Mapping[str, Any] | None = None) -> str | None:
    """What a setting of another program is here; None of a name that nobody uses.

    Args:
        name: as it was given.
        value: what it was given, if anything.
        recipe: the whole one as plain data: with it, lengths become numbers of images.
    """
    kind = LONG.get(_plain(name))
    if kind is not None:
        return _length(kind, value, recipe or {})
    return KNOWN.get(_plain(name))


def _length(kind: str, value: Any, recipe: Mapping[str, Any]) -> str:
    if kind == "kimg":
        each, otherwise = 1_000, "1,000 images each"
    elif kind == "steps":
        batch = str(recipe.get("batch"))  # from a command line it is still text
        each, otherwise = int(batch) if batch.isdecimal() else None, "a step sees a batch of them"
    else:
        each = _count(recipe.get("data"))
        otherwise = "an epoch sees all that `ganvas data SRC` counts"
    counted = isinstance(value, int | float) and 0 < value < math.inf
    if not counted or not isinstance(each, int):
        return f"`images`, in all: {otherwise}"
    return f"`images={round(value * each)}`, which is {value:g} {kind} of {each:,} images"


def _count(data: Any) -> int | None:
    """Images of a built-in source's part; None of others, which would have to be read."""
    data = data if isinstance(data, Mapping) else {}
    builtin = BUILTIN.get(str(data.get("source")))
    if builtin is None:
        return None
    train, test = ([0] * builtin.counts[part] for part in ("train", "test"))
    try:
        part = Part(str(data.get("split", "train")), data.get("limit"))
        return len(part.join(train, test, str(data["source"])))
    except (UserError, TypeError):
        return None
