export { exerciseStorage } from './exercise-storage.ts'
export { createFakeStorage, type FakeStorage, type FakeStorageOptions } from './fake-storage.ts'
export type { StorageCase, StorageFixture } from './storage-case.ts'
