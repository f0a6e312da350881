using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Mempool;
using Prometheus;

namespace Ledger.Node.Tests.Mempool;

/// <summary>An admission over a state that a test writes, with its metrics.</summary>
internal sealed class Door : IAsyncDisposable
{
    private readonly MetricFactory _metrics = Metrics.WithCustomRegistry(Metrics.NewCustomRegistry());

    public Door(MempoolLimits? limits = null)
    {
        Genesis = Keys.GenesisOf(Clock, Keys.Of(1));
        Pool = new(limits ?? MempoolLimits.Default, Clock);
        Admission = new(Genesis, State, Pool, Clock, _metrics);
        foreach (var write in Genesis.Build().Writes)
        {
            State.Values[Convert.ToHexString(write.Key)] = write.Value!;
        }
    }

    public ManualClock Clock { get; } = new();

    public Genesis Genesis { get; }

    public TableState State { get; } = new();

    public SharedPool Pool { get; }

    public Admission Admission { get; }

    /// <summary>A factory gives the one metric of a name, so this reads what admission counts.</summary>
    public double Verifications => _metrics.CreateCounter("ledger_signature_verifications_total", "").Value;

    public double Rejected(string reason)
        => _metrics.CreateCounter("ledger_transactions_rejected_total", "", "reason")
            .WithLabels(reason).Value;

    public Transaction Put(SigningKey? sender = null) => Keys.Put(Clock, sender);

    public Task<Admitted[]> AdmitAsync(params ReadOnlyMemory<byte>[] encoded)
        => Admission.AdmitAsync(encoded, isVouched: false, TestContext.Current.CancellationToken);

    public async Task<Admitted> AdmitAsync(Transaction transaction)
        => Assert.Single(await AdmitAsync(transaction.Encoded));

    public ValueTask DisposeAsync() => Admission.DisposeAsync();
}

/// <summary>A final state in memory; it can be made to fail.</summary>
internal sealed class TableState : IFinalState
{
    public Dictionary<string, byte[]> Values { get; } = [];

    public HashSet<Digest> Final { get; } = [];

    public bool IsBroken { get; set; }

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey) => IsBroken
        ? throw new IOException("the disk is gone")
        : Values.GetValueOrDefault(Convert.ToHexString(stateKey));

    public bool HoldsTransaction(Digest hash) => Final.Contains(hash);

    public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
    {
        page = [];
        return false;
    }
}
