import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { messageOf, readBytes, UserError } from '@unseen/core';

/** An object in an XML annotation of VOC. */
export interface VocObject {
  readonly name: string;
  readonly difficult: boolean;
}

/**
 * Objects of an XML annotation of VOC, in its order; without parts of objects (head, hand, …). Files that are not such
 * an annotation are {@link UserError}s.
 */
export async function readVocObjects(path: string): Promise<VocObject[]> {
  const text = new TextDecoder().decode(await readBytes(path));
  const root = parse(text, path);
  if (root?.name !== 'annotation') {
    throw new UserError({ given: `${path} has no <annotation>`, expected: 'an XML annotation of Pascal VOC' });
  }
  return elements(root, 'object').map((object) => {
    const [name] = elements(object, 'name');
    if (!name) throw new UserError({ given: `${path} has an <object> without <name>`, expected: 'a class name' });
    return { name: name.text.trim(), difficult: elements(object, 'difficult')[0]?.text.trim() === '1' };
  });
}

function parse(text: string, path: string): XmlElement | null {
  try {
    return parseXml(text).root;
  } catch (error) {
    throw new UserError(
      { given: `${path} cannot be read as XML (${messageOf(error).split('\n')[0]})`, expected: 'well-formed XML' },
      { cause: error },
    );
  }
}

function elements(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter((child) => child instanceof XmlElement && child.name === name) as XmlElement[];
}
