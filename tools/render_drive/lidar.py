"""A spinning LiDAR, frozen at the frame's instant: rays against the real meshes, with range noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .scenario import RATE
from .stage import Stage

BEAMS, UPPER, LOWER = 40, 4.0, -20.0  # degrees of elevation; the beams lie closer together near the horizon
SWEEP, COLUMNS = 45.0, 100  # degrees to each side, and how many firings across
NOISE = 0.01  # metres, one standard deviation of the range
REACH = 90.0  # metres
SEED = 52


def ray_directions() -> NDArray[np.float64]:
    """Return the (BEAMS * COLUMNS, 3) unit directions of the rays in the LiDAR's frame."""
    s = np.linspace(-1, 1, BEAMS)
    bent = 0.35 * s + 0.65 * np.sign(s) * s**2
    elevation = np.radians(np.where(s > 0, bent * (UPPER + 1.5), -bent * (LOWER + 1.5)) - 1.5)
    azimuth = np.radians(np.linspace(SWEEP, -SWEEP, COLUMNS))
    e, a = np.meshgrid(elevation, azimuth, indexing="ij")
    return np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)], axis=-1).reshape(-1, 3)


def sweep(stage: Stage, frame: int, velo: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the (n, 4) sweep of a frame: x, y, z in metres in the LiDAR's frame, and reflectance 0 to 1.

    Reflectance is the material's own times the cosine of the angle of incidence (Lambert); range noise is Gaussian,
    drawn from a generator seeded by the frame, so that the same frame always gives the same points.
    """
    t = frame / RATE
    rays = ray_directions()
    far, index, facing = stage.street.cast(velo[:3, 3], rays @ velo[:3, :3].T, REACH)
    bright = np.where(index >= 0, stage.street.reflectance[index], 0.0)
    for player in stage.players:
        solid = player.solid(t)
        to_actor = np.linalg.inv(player.pose(t)) @ velo
        origin, directions = to_actor[:3, 3], rays @ to_actor[:3, :3].T
        centre, radius = solid.ball
        along = directions @ (centre - origin)
        near = (np.linalg.norm(centre - origin - along[:, None] * directions, axis=1) <= radius) & (along > -radius)
        chosen = np.flatnonzero(near)
        distance, hit, cosine = solid.cast(origin, directions[chosen], np.minimum(far[chosen], REACH))
        closer = distance < far[chosen]
        rows = chosen[closer]
        far[rows], facing[rows] = distance[closer], cosine[closer]
        bright[rows] = solid.reflectance[hit[closer]]
    seen = np.isfinite(far)
    noise = np.random.default_rng([SEED, frame]).normal(0.0, NOISE, len(far))
    points = rays * (far + noise)[:, None]
    return np.column_stack([points, np.clip(bright * facing, 0, 1)])[seen].astype(np.float32)
