/** The metadata of customers, sessions and subscriptions that holds the app's own id. */
export const REFERENCE_KEY = 'yuzuru_reference'

/** The metadata that holds the name of the app, when several share one account of Stripe's. */
export const APP_KEY = 'yuzuru_app'

/** A reference, as the metadata of an object says it. */
export type NamedReference = Readonly<
  Partial<Record<typeof REFERENCE_KEY | typeof APP_KEY, string>>
>

/** Metadata that says whose an object is. */
export function namedReference(app: string | undefined, reference: string): NamedReference {
  return { [REFERENCE_KEY]: reference, ...(app === undefined ? {} : { [APP_KEY]: app }) }
}

/** The reference that an object's metadata names; `undefined` when it is another app's, or names none. */
export function referenceNamed(
  app: string | undefined,
  metadata: Readonly<Record<string, string | undefined>> | null | undefined,
): string | undefined {
  return metadata?.[APP_KEY] === app ? metadata?.[REFERENCE_KEY] : undefined
}
