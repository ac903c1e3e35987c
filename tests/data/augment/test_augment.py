"""Augmentation: each part does what it says, an image at a time, and lets gradients through."""

import torch

from ganvas.data.augment.diffaugment import DiffAugment

OFF = {"translate": 0.0, "cutout": 0.0, "brightness": 0.0, "saturation": 0.0, "contrast": 0.0}


def fixed(*values: float):
    """A source of noise that always draws these seven numbers, given in [-1, 1]."""
    row = (torch.tensor([*values, *[0.0] * (7 - len(values))]) + 1) / 2
    return lambda name, *shape: row.expand(4, 7)


def uniform(name: str, *shape: int) -> torch.Tensor:
    return torch.rand(4, *shape, generator=torch.Generator().manual_seed(3))


def images(channels: int = 3) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.rand(4, channels, 16, 24) * 2 - 1


def test_nothing_is_changed_by_nothing() -> None:
    assert torch.equal(DiffAugment(**OFF)(images(), uniform), images())


def test_brightness_adds_one_number_an_image() -> None:
    out = DiffAugment(**{**OFF, "brightness": 0.5})(images(), fixed(0.6))
    torch.testing.assert_close(out, images() + 0.3)


def test_saturation_keeps_the_grey_and_zero_removes_colour() -> None:
    part = DiffAugment(**{**OFF, "saturation": 1.0})
    out = part(images(), fixed(0, -1))
    torch.testing.assert_close(out, images().mean(1, keepdim=True).expand_as(out))
    torch.testing.assert_close(part(images(), fixed(0, 0.7)).mean(1), images().mean(1))
    assert torch.equal(part(images(1), fixed(0, 0.7)), images(1))


def test_contrast_keeps_the_mean_of_each_image() -> None:
    out = DiffAugment(**{**OFF, "contrast": 0.5})(images(), fixed(0, 0, 1))
    means = images().mean((1, 2, 3), True)
    torch.testing.assert_close(out, means + 1.5 * (images() - means))


def test_translation_moves_whole_pixels_and_fills_with_grey() -> None:
    part = DiffAugment(**{**OFF, "translate": 0.25})
    out = part(images(), fixed(0, 0, 0, 0.5, -0.5))  # down 2 of 16 pixels, left 3 of 24
    assert torch.equal(out[..., 2:, :-3], images()[..., :-2, 3:])
    assert out[..., :2, :].abs().max() == 0 and out[..., -3:].abs().max() == 0


def test_cutout_is_a_grey_rectangle_of_the_share_asked_for() -> None:
    out = DiffAugment(**{**OFF, "cutout": 0.5})(torch.ones(4, 1, 32, 32), fixed())
    assert set(out.unique().tolist()) == {0.0, 1.0}
    assert abs((out == 0).float().mean().item() - 0.25) < 0.04
    assert out[0, 0, 16, 16] == 0 and out[0, 0, 0, 0] == 1


def test_every_image_has_draws_of_its_own() -> None:
    same = images()[:1].expand(4, -1, -1, -1)
    out = DiffAugment()(same, uniform)
    assert len({round(image.sum().item(), 4) for image in out}) == 4


def test_gradients_reach_the_pixels_that_are_seen() -> None:
    pixels = images().requires_grad_()
    DiffAugment()(pixels, uniform).sum().backward()
    assert pixels.grad is not None and (pixels.grad != 0).float().mean() > 0.3


def test_full_strength_draws_what_no_strength_draws() -> None:
    drawn: list[tuple] = []

    def counted(name: str, *shape: int) -> torch.Tensor:
        drawn.append((name, *shape))
        return uniform(name, *shape)

    whole = DiffAugment()(images(), counted)
    assert torch.equal(DiffAugment()(images(), counted, 1.0), whole)
    assert drawn == [("augment", 7)] * 2
    assert torch.equal(DiffAugment()(images(), counted, torch.tensor(1.0)), whole)


def test_at_no_strength_images_stay_up_to_rounding() -> None:
    torch.testing.assert_close(DiffAugment()(images(), uniform, 0.0), images())
    out = DiffAugment()(images(), uniform, torch.tensor(0.0))
    torch.testing.assert_close(out, images())


def test_each_transformation_has_a_gate_an_image() -> None:
    names = ["brightness", "saturation", "contrast", "translate", "cutout"]
    gates = torch.tensor([[0, 1, 0, 1, 0], [1, 0, 1, 0, 1], [0, 0, 0, 1, 1], [1, 1, 1, 0, 0]])

    def noise(name: str, *shape: int) -> torch.Tensor:
        return uniform(name, *shape) if name == "augment" else 0.5 * gates

    for strength in (0.5, torch.tensor(0.5)):
        out = DiffAugment()(images(), noise, strength)
        for index, shut in enumerate(gates.tolist()):
            off = {name: 0.0 for name, gate in zip(names, shut, strict=True) if gate}
            torch.testing.assert_close(out[index], DiffAugment(**off)(images(), uniform)[index])


def test_so_many_images_are_changed_as_the_strength_says() -> None:
    def many(name: str, *shape: int) -> torch.Tensor:
        return torch.rand(2000, *shape, generator=torch.Generator().manual_seed(len(name)))

    part = DiffAugment(**{**OFF, "brightness": 0.5})
    out = part(torch.zeros(2000, 1, 2, 2), many, 0.3)
    changed = (out != 0).flatten(1).any(1).double().mean().item()
    assert abs(changed - 0.3) < 4 * (0.3 * 0.7 / 2000) ** 0.5
