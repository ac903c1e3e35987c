import torch
from torch import Tensor

from ganvas.metrics.copying import authenticity, duplicates, repeated, training_neighbours


def normal(count: int, seed: int, size: int = 8) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def test_neighbours_are_those_of_a_plain_search():
    samples, training = normal(30, 1), normal(40, 2)
    found = training_neighbours(samples, training)
    for index, sample in enumerate(samples.double()):
        apart = (training.double() - sample).norm(dim=1)
        place = int(apart.argmin())
        fellows = (training.double() - training[place].double()).norm(dim=1)
        fellows[place] = torch.inf
        assert int(found.position[index]) == place
        torch.testing.assert_close(found.distance[index], apart[place])
        torch.testing.assert_close(found.fellow[index], fellows.min())


def test_copies_are_not_authentic_and_strangers_are():
    training = normal(100, 1)
    copies = training_neighbours(training[20:60], training)
    assert authenticity(copies) == 0 and torch.equal(copies.position, torch.arange(20, 60))
    assert (copies.closeness() == 0).all()
    assert authenticity(training_neighbours(normal(40, 2) + 50, training)) == 1
    mixed = torch.cat([training[:30], normal(10, 2) + 50])
    assert authenticity(training_neighbours(mixed, training)) == 0.25


def test_copies_of_training_images_that_occur_twice_are_not_authentic_either():
    training = normal(100, 1).repeat(2, 1)
    assert authenticity(training_neighbours(training[:50], training)) == 0


def test_as_many_duplicates_as_reals_have_are_one_in_a_hundred():
    """And twice that in reals whose hundredth is all that is compared with: 20 draws of them."""
    shares = torch.tensor([duplicates(normal(500, s), normal(500, s + 100)) for s in range(20)])
    assert abs(float(shares.mean()) - 0.01) < 4 * float(shares.std()) / 20**0.5 + 1 / 500


def test_every_image_twice_is_found():
    once, reals = normal(200, 1), normal(400, 2)
    assert duplicates(once.repeat(2, 1), reals) == 1
    assert duplicates(torch.cat([once[:150], once[:50]]), reals) == 0.5
    # Reals that repeat themselves excuse no other distance than none.
    assert duplicates(once.repeat(2, 1), once.repeat(2, 1)) == 1
    assert duplicates(reals, once.repeat(2, 1)) == 0


def test_the_larger_set_is_cut():
    """Among more images the nearest is nearer: 4,000 samples would seem to repeat themselves."""
    assert duplicates(normal(4000, 1, size=2), normal(200, 2, size=2)) < 0.05


def test_equal_images_are_counted_beyond_the_first():
    images = torch.randint(0, 256, (10, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    images = images.to(torch.uint8)
    assert repeated(images) == 0
    assert repeated(torch.cat([images, images[:3], images[:1]])) == 4
    images[5] = images[6]
    images[5, 2, 3, 3] ^= 1  # one bit apart
    assert repeated(images.contiguous(memory_format=torch.channels_last)) == 0
