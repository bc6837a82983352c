/** Every stored document: an id, a version that counts its writes, and perhaps a time after which it does not exist. */
export interface Document {
  readonly _id: string;
  /** Epoch ms. A document past it is never returned; engines remove it when they like. */
  readonly expiresAt?: number;
}
export type Stored<T extends Document> = T & { readonly version: number };

export interface Page {
  readonly limit?: number;
  readonly order?: "asc" | "desc";
}

/** One kind of document. Whatever must be atomic is one document. */
export interface Collection<T extends Document> {
  get(id: string): Promise<Stored<T> | null>;
  /** False, and nothing written, if a living document has this id or the same value in a unique index. */
  insert(document: T): Promise<boolean>;
  /** False, and nothing written, unless the stored version is still `version`. */
  replace(document: T, version: number): Promise<boolean>;
  /** Documents whose index fields equal the values given (a prefix of the index), ordered by the fields that follow. */
  find(index: string, values: readonly IndexValue[], page?: Page): Promise<Stored<T>[]>;
  /** Every living document, in batches, for sweeps and rotation only. */
  scan(): AsyncIterable<Stored<T>>;
  delete(id: string): Promise<boolean>;
}
export type IndexValue = string | number | boolean;

export interface IndexSpec {
  readonly name: string;
  /** Top-level fields, in order. A document without the first one is not in the index. */
  readonly fields: readonly string[];
  readonly unique?: boolean;
}

export interface CollectionSpec<T extends Document> {
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
  /** Top-level fields that are encrypted at rest; never indexed. */
  readonly encrypted: readonly (keyof T & string)[];
  /** `full` syncs to disk on every write (orders); `normal` may lose the last moment of a power cut, never of a crash. */
  readonly durability: "full" | "normal";
}

export interface Store {
  collection<T extends Document>(spec: CollectionSpec<T>): Collection<T>;
  /** Rejects when the engine cannot be reached. */
  ping(): Promise<void>;
  /** Takes off the disk what has expired, and what the engine itself still keeps of what was deleted. */
  purge(): Promise<void>;
  close(): Promise<void>;
}
