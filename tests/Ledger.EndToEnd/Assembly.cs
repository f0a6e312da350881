using System.Runtime.Versioning;

// Each test may run four validators: side by side they would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: SupportedOSPlatform("linux")]
