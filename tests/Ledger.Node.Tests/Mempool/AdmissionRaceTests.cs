using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Mempool;
using Prometheus;

namespace Ledger.Node.Tests.Mempool;

public sealed class AdmissionRaceTests
{
    /// <summary>
    /// A transaction left behind in the pool would keep the node's timers running, and the network changing
    /// views, until it expires.
    /// </summary>
    [Fact]
    public async Task A_transaction_that_becomes_final_while_it_is_admitted_does_not_stay_in_the_pool()
    {
        using var key = SigningKey.Generate();
        Genesis genesis = new("race", ConsensusMode.Pbft, new(0), [new("validator-1", key.PublicKey)], []);
        SharedPool pool = new(MempoolLimits.Default, TimeProvider.System);
        List<bool> pending = [];
        pool.OnPending = pending.Add;
        Timestamp soon = new(TimeProvider.System.GetUtcNow().AddMinutes(1).ToUnixTimeMilliseconds());
        var transaction = Transaction.Sign(
            new("race", key.PublicKey, soon, 1, [new Operation.Put("n", "k", default)]), key);
        FinalAfterFirstLook state = new(() => pool.Remove([transaction]));
        await using Admission admission = new(
            genesis, state, pool, TimeProvider.System, Metrics.WithCustomRegistry(
                Metrics.NewCustomRegistry()));

        var answers = await admission.AdmitAsync(
            [transaction.Encoded], isVouched: false, TestContext.Current.CancellationToken);

        Assert.Equal(Refusal.AlreadyFinal, Assert.Single(answers).Refusal);
        Assert.Equal(0, pool.Count);
        Assert.False(pending.LastOrDefault(), "the engine still believes that something waits");
    }

    /// <summary>
    /// A store in which every transaction becomes final just after somebody has looked for it.
    /// </summary>
    private sealed class FinalAfterFirstLook(Action finalised) : IFinalState
    {
        private bool _looked;

        public byte[]? ReadState(ReadOnlySpan<byte> stateKey) => [];

        public bool HoldsTransaction(Digest hash)
        {
            if (_looked)
            {
                return true;
            }

            _looked = true;
            finalised();
            return false;
        }

        public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        {
            page = [];
            return false;
        }
    }
}
