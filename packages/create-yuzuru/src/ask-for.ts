import { isCancel, multiselect, select, text } from '@clack/prompts'
import { basename, resolve } from 'node:path'
import { expectName, FRAMEWORKS, type Given, PACKAGES, type ServicePackage } from './choices.ts'

const HINTS: Readonly<Record<ServicePackage, string>> = {
  jobs: 'work that follows a commit, and survives a crash',
  mail: 'SMTP with an outcome for every failure',
  storage: 'S3: documents that browsers fetch from the store',
}

/** Asks for what was not given; `undefined` when the answer is Ctrl-C. */
export async function askFor(given: Given): Promise<Given | undefined> {
  const folder = given.folder ?? (await askFolder())
  if (isCancel(folder)) return undefined
  const framework =
    given.framework ??
    (await select({
      message: 'Framework',
      options: FRAMEWORKS.map((value) => ({ value, label: value })),
    }))
  if (isCancel(framework)) return undefined
  const packages =
    given.packages ??
    (await multiselect({
      message: 'Beside the server and the database',
      options: PACKAGES.map((value) => ({ value, label: value, hint: HINTS[value] })),
      initialValues: [...PACKAGES],
      required: false,
    }))
  return isCancel(packages) ? undefined : { folder, framework, packages }
}

function askFolder(): ReturnType<typeof text> {
  return text({
    message: 'Folder',
    defaultValue: 'my-service',
    placeholder: 'my-service',
    validate: (folder = '') => {
      if (folder === '') return undefined
      try {
        expectName(basename(resolve(folder)))
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
  })
}
