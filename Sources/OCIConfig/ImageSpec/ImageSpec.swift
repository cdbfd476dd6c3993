/// The objects of the image specification.
public enum ImageSpec {}
