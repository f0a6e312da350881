namespace Ledger.Node.Hosting;

/// <summary>What an operator asks of a node that runs.</summary>
internal enum DutyKind
{
    /// <summary>All that a validator does.</summary>
    Full,

    /// <summary>It votes and serves, and leaves proposing to others.</summary>
    Paused,

    /// <summary>As paused, and it takes no new transactions: it is about to be stopped.</summary>
    Draining,
}

/// <summary>
/// What this node does at present of its duties. The operator's word alone changes it; a restart forgets it.
/// </summary>
internal sealed class Duty
{
    private volatile int _kind;

    public DutyKind Kind => (DutyKind)_kind;

    public string Word => Kind.ToString().ToLowerInvariant();

    public bool TakesTransactions => Kind != DutyKind.Draining;

    /// <summary>Told whether this node rests from proposing.</summary>
    public Action<bool>? OnRest { get; set; }

    public void Become(DutyKind kind)
    {
        _kind = (int)kind;
        OnRest?.Invoke(kind != DutyKind.Full);
    }
}
