/** The id of what Stripe gives as an id, or as a whole where it was asked to expand it; `undefined` for none. */
export function idOf(value: string | { readonly id: string }): string
export function idOf(value: string | { readonly id: string } | null | undefined): string | undefined
export function idOf(
  value: string | { readonly id: string } | null | undefined,
): string | undefined {
  return typeof value === 'string' ? value : value?.id
}
