using System.Runtime.Versioning;

// Each test may run four validators, which mostly wait: for each other, for timeouts, for the disk. Two at
// once fill two cores, more would only slow each other down.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
[assembly: SupportedOSPlatform("linux")]
