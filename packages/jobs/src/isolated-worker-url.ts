/** Where the module stands that the threads and processes of handlers load: beside this one, as source or as built. */
export function isolatedWorkerUrl(): URL {
  return new URL(`./isolated-worker${import.meta.url.slice(-'.ts'.length)}`, import.meta.url)
}
