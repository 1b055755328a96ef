import { type Message, MessageHeader, MessageReader } from 'apache-arrow';
import { viewMetadata } from './schema.ts';

/** Bytes within the body of a view. */
export interface Region {
  readonly offset: number;
  readonly length: number;
}

/** What a view says of itself in front of its columns. */
export interface ViewMessage {
  readonly id: string;
  readonly view: string;
  readonly height: number;
  readonly width: number;
  /** Where the columns lie; of compressed ones with the length in front. */
  readonly features: Region;
  readonly labels: Region;
  readonly compressed: boolean;
}

// Of a record batch of a store: validity of the list, validity and values of its items, validity and values of the labels.
const [FEATURES, LABELS, BUFFERS] = [2, 4, 5];

/** Reads the message in front of a view's body; bytes that were not checked before must not come here. */
export function readViewMessage(bytes: Uint8Array): ViewMessage {
  const message: Message<MessageHeader.RecordBatch> | null = new MessageReader(bytes).readMessage(
    MessageHeader.RecordBatch,
  );
  if (!message) throw new Error('a view is missing');
  const { buffers, compression } = message.header();
  if (buffers.length !== BUFFERS) throw new Error(`a view of ${buffers.length} buffers`);
  const region = ({ offset, length }: Region): Region => ({ offset, length });
  return {
    ...viewMetadata.parse(Object.fromEntries(message.metadata)),
    features: region(buffers[FEATURES]),
    labels: region(buffers[LABELS]),
    compressed: compression !== null,
  };
}
