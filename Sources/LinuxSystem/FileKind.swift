internal import CLinux
package import Glibc

/// What a file is.
package enum FileKind: Sendable, Hashable {
    case regular, directory, symlink, characterDevice, blockDevice, fifo, socket

    /// From the type bits of `st_mode`.
    package init?(mode: UInt32) {
        switch mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symlink
        case S_IFCHR: self = .characterDevice
        case S_IFBLK: self = .blockDevice
        case S_IFIFO: self = .fifo
        case S_IFSOCK: self = .socket
        default: return nil
        }
    }

    package var modeBits: UInt32 {
        switch self {
        case .regular: S_IFREG
        case .directory: S_IFDIR
        case .symlink: S_IFLNK
        case .characterDevice: S_IFCHR
        case .blockDevice: S_IFBLK
        case .fifo: S_IFIFO
        case .socket: S_IFSOCK
        }
    }
}

extension stat {
    package var kind: FileKind? { FileKind(mode: st_mode) }
    package var permissions: UInt32 { st_mode & 0o7777 }
    /// Which file this is, whatever its name.
    package var identity: FileIdentity { FileIdentity(device: st_dev, inode: st_ino) }
}

/// Which file: two names with the same identity are hardlinks.
package struct FileIdentity: Hashable, Sendable {
    package let device: dev_t
    package let inode: ino_t
}

/// What a special file stands for.
package enum Device {
    package static func numbers(_ device: dev_t) -> (major: UInt32, minor: UInt32) {
        (blt_major(UInt64(device)), blt_minor(UInt64(device)))
    }
}
