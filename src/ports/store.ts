/** A stored document: an id, a version that counts its writes (see `Stored`), and optionally an expiry. */
export interface Document {
  readonly _id: string;
  /** Epoch ms, inclusive. An expired document is never returned; engines delete it some time later. */
  readonly expiresAt?: number;
}
export type Stored<T extends Document> = T & { readonly version: number };

export interface Page {
  readonly limit?: number;
  readonly order?: "asc" | "desc";
}

/** Documents of one kind. There are no transactions: whatever must be atomic belongs in one document. */
export interface Collection<T extends Document> {
  get(id: string): Promise<Stored<T> | null>;
  /** False, and nothing written, if an unexpired document has this id or the same value in a unique index. */
  insert(document: T): Promise<boolean>;
  /** False, and nothing written, unless the stored version is still `version`. */
  replace(document: T, version: number): Promise<boolean>;
  /** Documents whose index fields equal the values given (a prefix of the index), ordered by the fields that follow. */
  find(index: string, values: readonly IndexValue[], page?: Page): Promise<Stored<T>[]>;
  /** Every unexpired document, read in batches; slow, so only for sweeps. */
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
  /**
   * `full` syncs to disk on every write (orders); `normal` may lose the last moment of a power cut, never of a crash.
   */
  readonly durability: "full" | "normal";
}

export interface Store {
  collection<T extends Document>(spec: CollectionSpec<T>): Collection<T>;
  /** Rejects when the engine cannot be reached. */
  ping(): Promise<void>;
  /** Removes expired documents, and remains of deleted ones, from the disk. */
  purge(): Promise<void>;
  close(): Promise<void>;
}
