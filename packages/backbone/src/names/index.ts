export * from './caffe-resnet.ts';
export * from './deeplab-v2.ts';
export * from './deeplab-v3plus.ts';
export * from './keras-mobilenet.ts';
export * from './rename.ts';
export * from './torch-names.ts';
export * from './torch-resnet.ts';
export * from './torch-vgg.ts';
