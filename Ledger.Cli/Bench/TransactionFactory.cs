using System.Security.Cryptography;
using System.Threading.Channels;
using Ledger.Cli.Client;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Bench;

/// <summary>
/// Signs ahead of the clients, a bounded number of batches, so that what is measured is the network and not
/// this program's signing.
/// </summary>
internal sealed class TransactionFactory(string chainId, SigningKey key, BenchSettings settings)
{
    /// <summary>A bounded set of keys, so that a long run does not grow the state without end.</summary>
    private const int Keys = 100_000;

    private const string Namespace = "bench";

    private readonly Channel<IReadOnlyList<Transaction>> _ready =
        Channel.CreateBounded<IReadOnlyList<Transaction>>(2 * settings.Clients);

    private readonly byte[] _value = RandomNumberGenerator.GetBytes(settings.ValueBytes);
    private ulong _nonce = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private int _next;

    public ValueTask<IReadOnlyList<Transaction>> TakeAsync(CancellationToken cancellationToken)
        => _ready.Reader.ReadAsync(cancellationToken);

    /// <summary>Runs until cancelled; one thread signs 80,000 a second, more than a network takes.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var batch = new Transaction[settings.Batch];
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i] = Next();
            }

            await _ready.Writer.WriteAsync(batch, cancellationToken);
        }
    }

    private Transaction Next()
    {
        var operations = new Operation[settings.Operations];
        for (var i = 0; i < operations.Length; i++)
        {
            _next = (_next + 1) % Keys;
            operations[i] = new Operation.Put(Namespace, $"k{_next}", _value);
        }

        return Submission.Sign(chainId, key, _nonce++, operations);
    }
}
