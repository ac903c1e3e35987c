"""The shortest run of the default recipe that still logs, saves, draws and is evaluated."""

SMALL = [
    "--generator", "{kind: dcgan, latent: 8, width: 4}",
    "--discriminator", "{kind: dcgan, width: 4}",
    "--batch", "16", "--images", "160", "--threads", "1",
    "--every.log", "32", "--every.samples", "64", "--every.checkpoint", "64",
    "--evaluation.every", "96", "--evaluation.count", "200",
]  # fmt: skip
