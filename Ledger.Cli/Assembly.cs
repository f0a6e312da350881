using System.Runtime.Versioning;

// File modes, signals and /proc: the tool and the node are for Linux.
[assembly: SupportedOSPlatform("linux")]
