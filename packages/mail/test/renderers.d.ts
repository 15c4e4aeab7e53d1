/** mjml has no types of its own. */
declare module 'mjml' {
  export default function mjml2html(
    source: string,
    options?: { readonly validationLevel?: 'strict' | 'soft' | 'skip' },
  ): Promise<{ readonly html: string; readonly errors: readonly unknown[] }>
}

/** Its types name things of browsers that the types of our own tests have otherwise. */
declare module 'react' {
  export interface ReactElement {
    readonly type: unknown
  }
  export type ReactNode = ReactElement | string | null
  export function createElement<P extends object>(
    type: string | ((props: P) => ReactElement),
    props: P | null,
    ...children: readonly ReactNode[]
  ): ReactElement
}
