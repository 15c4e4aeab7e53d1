/** Where a worker's own module stands: beside this one, as source or as built. */
export function workerUrl(name: 'thread-worker' | 'process-worker'): URL {
  return new URL(`./${name}${import.meta.url.slice(-'.ts'.length)}`, import.meta.url)
}
