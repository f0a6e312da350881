namespace Ledger.Node.Hosting;

/// <summary>Why a node host has ended, and so what comes next in this process.</summary>
internal enum NodeEnd
{
    /// <summary>It was told to stop.</summary>
    Stopped,

    Failed,

    /// <summary>The ledger is to be replaced by a snapshot, then the node starts anew.</summary>
    WantsSnapshot,

    /// <summary>What binds this validator is in its journal: it starts anew, with a voice.</summary>
    MaySpeak,
}
