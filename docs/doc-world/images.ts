/** A module whose function runs in a thread. */
export function resize(picture: Uint8Array, width: number): Uint8Array {
  return picture.subarray(0, width)
}
