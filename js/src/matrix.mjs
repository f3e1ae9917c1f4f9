// Small linear algebra in double precision. A pose is a row-major 4x4 matrix as 16 numbers, a quaternion [x, y, z, w].
// All of it mirrors what spatia_core/cameras computes; tests compare the two on vectors made by Python.

export const IDENTITY = Object.freeze([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);

export const add = (a, b) => a.map((v, i) => v + b[i]);
export const subtract = (a, b) => a.map((v, i) => v - b[i]);
export const scale = (a, s) => a.map((v) => v * s);
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a) => Math.hypot(...a);
export const normalize = (a) => scale(a, 1 / length(a));
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const distance = (a, b) => length(subtract(a, b));

export function multiply(a, b) {
    const out = new Array(16);
    for (let r = 0; r < 4; r++)
        for (let c = 0; c < 4; c++) out[4 * r + c] = a[4 * r] * b[c] + a[4 * r + 1] * b[4 + c] + a[4 * r + 2] * b[8 + c] + a[4 * r + 3] * b[12 + c];
    return out;
}

/** Inverse of a pose; exact for one whose rotation is only nearly orthonormal, as files with few digits have it. */
export function invertPose(m) {
    const rows = [0, 4, 8].map((r) => [m[r], m[r + 1], m[r + 2]]);
    const columns = [cross(rows[1], rows[2]), cross(rows[2], rows[0]), cross(rows[0], rows[1])];
    const determinant = dot(rows[0], columns[0]);
    const t = [m[3], m[7], m[11]];
    const R = [0, 1, 2].map((r) => columns.map((column) => column[r] / determinant));
    return [...R.flatMap((row) => [...row, -dot(row, t)]), 0, 0, 0, 1];
}

export function transformPoint(m, p) {
    return [0, 4, 8].map((r) => m[r] * p[0] + m[r + 1] * p[1] + m[r + 2] * p[2] + m[r + 3]);
}

export const position = (m) => [m[3], m[7], m[11]];
/** Column 0, 1 or 2 of the rotation: a pose's x, y or z axis. */
export const axis = (m, index) => [m[index], m[4 + index], m[8 + index]];

export function pose(rotation, at) {
    return [...rotation.slice(0, 3), at[0], ...rotation.slice(3, 6), at[1], ...rotation.slice(6, 9), at[2], 0, 0, 0, 1];
}

/** Row-major 3x3 rotation of a pose. */
export const rotation = (m) => [m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10]];

/** Rotation (9 numbers) of angles in degrees: yaw to the right, then pitch up, then roll clockwise, in camera axes. */
export function yawPitchRoll(yaw, pitch, roll) {
    const [y, p, r] = [yaw, pitch, roll].map((degrees) => (degrees * Math.PI) / 180);
    const [cy, sy, cp, sp, cr, sr] = [Math.cos(y), Math.sin(y), Math.cos(p), Math.sin(p), Math.cos(r), Math.sin(r)];
    return [
        cy * cr + sy * sp * sr, -cy * sr + sy * sp * cr, sy * cp,
        cp * sr, cp * cr, -sp,
        -sy * cr + cy * sp * sr, sy * sr + cy * sp * cr, cy * cp,
    ]; // prettier-ignore
}

/** The angles in degrees whose `yawPitchRoll` is this rotation: pitch within 90, at the poles roll 0. */
export function anglesOf(R) {
    const degrees = (radians) => (radians * 180) / Math.PI;
    const pitch = Math.asin(Math.max(-1, Math.min(1, -R[5])));
    if (Math.abs(R[5]) > 1 - 1e-12) return [degrees(Math.atan2(-R[6], R[0])), degrees(pitch), 0];
    return [degrees(Math.atan2(R[2], R[8])), degrees(pitch), degrees(Math.atan2(R[3], R[4]))];
}

export function quaternionOf(R) {
    // The largest of the four comes from the square root, the others by division: stable for every rotation.
    const [a, b, c, d, e, f, g, h, i] = R;
    const trace = a + e + i;
    let q;
    if (trace > Math.max(a, e, i)) q = [h - f, c - g, d - b, 1 + trace];
    else if (a >= e && a >= i) q = [1 + a - e - i, b + d, c + g, h - f];
    else if (e >= i) q = [b + d, 1 + e - a - i, f + h, c - g];
    else q = [c + g, f + h, 1 + i - a - e, d - b];
    return normalize(q);
}

export function rotationOf([x, y, z, w]) {
    return [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]; // prettier-ignore
}

/** Spherical interpolation the short way, from quaternion a (u = 0) to b (u = 1). */
export function slerp(a, b, u) {
    const sign = a.reduce((sum, v, i) => sum + v * b[i], 0) < 0 ? -1 : 1;
    // The angle from the chord keeps its digits where the cosine is nearly 1.
    const angle = 2 * Math.atan2(length(a.map((v, i) => v - sign * b[i])), length(a.map((v, i) => v + sign * b[i])));
    if (angle < 1e-12) return normalize(a.map((v, i) => v + u * (sign * b[i] - v)));
    const [p, q] = [Math.sin((1 - u) * angle), Math.sin(u * angle)];
    return normalize(a.map((v, i) => (p * v + q * sign * b[i]) / Math.sin(angle)));
}

/** Angle in degrees between the rotations of two poses. */
export function turnBetween(a, b) {
    const [p, q] = [quaternionOf(rotation(a)), quaternionOf(rotation(b))];
    const sign = p.reduce((sum, v, i) => sum + v * q[i], 0) < 0 ? -1 : 1;
    const half = Math.atan2(length(p.map((v, i) => v - sign * q[i])), length(p.map((v, i) => v + sign * q[i])));
    return (4 * half * 180) / Math.PI;
}
