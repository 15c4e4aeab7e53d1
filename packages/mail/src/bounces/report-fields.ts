/** One group of the fields of a report (RFC 3464, 2.1; RFC 5965, 3): names in lower case, each with its values. */
export type ReportFields = ReadonlyMap<string, readonly string[]>

/** The groups of a report, which an empty line separates. */
export function fieldGroups(text: string): ReportFields[] {
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .filter((group) => group.trim() !== '')
    .map((group) => {
      const fields = new Map<string, string[]>()
      for (const line of group.replaceAll(/\n[ \t]+/g, ' ').split('\n')) {
        const at = line.indexOf(':')
        if (at <= 0) continue
        const name = line.slice(0, at).trim().toLowerCase()
        fields.set(name, [...(fields.get(name) ?? []), line.slice(at + 1).trim()])
      }
      return fields
    })
}

/** The first value of a field. */
export function valueOf(fields: ReportFields, name: string): string | undefined {
  return fields.get(name)?.[0]
}

/** The first value of a field that holds a word or an address, without comments (RFC 3464, 2.1.1). */
export function wordOf(fields: ReportFields, name: string): string | undefined {
  return withoutComments(valueOf(fields, name))
}

/** Of `rfc822; hanako@example.jp`, also in brackets. */
export function addressOf(value: string | undefined): string | undefined {
  const address = withoutComments(value?.slice(value.indexOf(';') + 1))
    ?.replaceAll(/[<>]/g, '')
    .trim()
  return address !== undefined && /^[^\s@]+@[^\s@]+$/.test(address) ? address : undefined
}

function withoutComments(value: string | undefined): string | undefined {
  return value?.replaceAll(/(?:^|\s)\([^()]{0,998}\)/g, ' ').trim()
}
