/** How much of the header is read, in characters: a client may send as much as it likes. */
const MOST_READ = 500

/**
 * The first of `languages` that a client prefers, by the main language alone: `en-GB` is English.
 *
 * @param header the header `Accept-Language` (RFC 9110, 12.5.4)
 * @returns `undefined` if it names none of them, or is not there
 * @example
 * preferredLanguage('fr, en-GB;q=0.9, ja;q=0.8', ['ja', 'en']) // 'en'
 */
export function preferredLanguage<Language extends string>(
  header: string | null | undefined,
  languages: readonly Language[],
): Language | undefined {
  const ranges = (header ?? '')
    .slice(0, MOST_READ)
    .split(',')
    .map(rangeOf)
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
  for (const { language } of ranges) {
    const found = languages.find((each) => each === language)
    if (found !== undefined) return found
  }
  return undefined
}

function rangeOf(text: string): { readonly language: string | undefined; readonly weight: number } {
  const [tag = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const given = parameters.find((each) => each.startsWith('q='))
  const weight = given === undefined ? 1 : Number(given.slice(2))
  return { language: tag.split('-')[0], weight: Number.isFinite(weight) ? weight : 0 }
}
