/** A module whose function runs in a process. */
export async function render(planId: string): Promise<Uint8Array> {
  return new TextEncoder().encode(planId)
}
