/**
 * What tools put into functions as they transform them, and a worker has too: esbuild's and tsx's
 * `keepNames`, and vitest's `import()`.
 */
export const TOOL_HELPERS: Readonly<Record<string, (value: never) => unknown>> = {
  __name: (value: unknown) => value,
  __vite_ssr_dynamic_import__: (specifier: string) => import(specifier),
}

/** Those of the names that are neither global here nor a tool's helper. */
export function unknownNames(names: readonly string[]): readonly string[] {
  return names.filter((name) => !(name in globalThis) && !Object.hasOwn(TOOL_HELPERS, name))
}

/** Says what is wrong with a function that uses them, and what to do. */
export function describeUnknownNames(names: readonly string[]): string {
  const all = names.map((name) => `"${name}"`).join(', ')
  return (
    `Expected a function that uses only its arguments and globals, got one that uses ${all}: ` +
    'pass it as an argument, import it within the function, or export the function from a module'
  )
}
