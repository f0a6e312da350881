using System.Buffers;
using System.Threading.Channels;
using Ledger.Core;
using Ledger.Node.Mempool;
using Ledger.Node.Transport;
using MessagePack;
using Refusal = Ledger.Node.Mempool.Refusal;

namespace Ledger.Node.Gossip;

/// <summary>
/// Spreads admitted transactions to every other validator, several in a frame, so that a primary that censors
/// one is seen by all. What comes by gossip is not passed on: the network is a full mesh. Where validators
/// trust each other the leader alone need know, and it believes that a signature was checked.
/// </summary>
public sealed class TransactionGossip(PeerNetwork network, Admission admission, bool trustsPeers)
{
    private const int Nobody = -1;

    private const int FrameBytes = 256 * 1024;
    private const int FrameTransactions = 1000;

    /// <summary>What MessagePack puts before an array or a byte string, at most.</summary>
    private const int HeaderBytes = 5;

    private const int QueueMax = 8192;

    /// <summary>Transactions offered again at once.</summary>
    public const int RepeatMax = 1000;

    private readonly Channel<Transaction> _outbox = Channel.CreateBounded<Transaction>(
        new BoundedChannelOptions(
            QueueMax * 8)
        { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private volatile int _leader = Nobody;

    /// <summary>Transactions that no peer was sent yet.</summary>
    public int Waiting => _outbox.Reader.Count;

    /// <summary>
    /// Whom transactions go to from now on, where validators trust each other; null while nobody leads.
    /// </summary>
    public void Follow(ValidatorIndex? leader) => _leader = leader?.Value ?? Nobody;

    /// <summary>Whether this peer is one that transactions are sent to.</summary>
    public bool Serves(ValidatorIndex peer) => !trustsPeers || _leader == peer.Value;

    /// <summary>
    /// Queues transactions for all peers, or for the one that leads; never waits. What does not fit is
    /// offered again when overdue.
    /// </summary>
    public void Broadcast(IReadOnlyList<Transaction> transactions)
    {
        foreach (var transaction in transactions)
        {
            _outbox.Writer.TryWrite(transaction);
        }
    }

    /// <summary>Sends to one peer, which has just connected, what waits here.</summary>
    public void SendTo(ValidatorIndex peer, IReadOnlyList<Transaction> transactions)
    {
        List<Transaction> batch = [];
        var bytes = 0;
        foreach (var transaction in transactions)
        {
            batch.Add(transaction);
            bytes += transaction.Encoded.Length;
            if (IsFull(batch, bytes))
            {
                Send(batch, peer);
                batch.Clear();
                bytes = 0;
            }
        }

        if (batch.Count > 0)
        {
            Send(batch, peer);
        }
    }

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        List<Transaction> batch = [];
        try
        {
            while (await _outbox.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                var bytes = 0;
                while (!IsFull(batch, bytes) && _outbox.Reader.TryRead(out var next))
                {
                    batch.Add(next);
                    bytes += next.Encoded.Length;
                }

                Spread(batch);
                batch.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not spread waits in the mempool of the node that the client chose.
        }
    }

    /// <summary>
    /// Takes a frame of a peer's: no honest one sends what cannot be decoded or is badly signed.
    /// </summary>
    public async ValueTask<FrameVerdict> OnFrameAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (!Canonical.TryRead(payload, Read, out var encoded, out _))
        {
            return FrameVerdict.Disconnect("malformed_transactions");
        }

        var refused = 0;
        foreach (var answer in await admission.AdmitAsync(encoded, trustsPeers, cancellationToken)
            .ConfigureAwait(false))
        {
            refused += answer.IsAdmitted ? 0 : 1;
            if (answer.Refusal is Refusal.Malformed or Refusal.TooLarge or Refusal.BadSignature
                or Refusal.WrongChain)
            {
                return FrameVerdict.Disconnect("bad_transaction");
            }
        }

        return FrameVerdict.Ok with { Wasted = refused };
    }

    private static bool IsFull(List<Transaction> batch, int bytes)
        => batch.Count >= FrameTransactions || bytes >= FrameBytes;

    /// <summary>What nobody leads for waits in the mempool, and is sent to whoever does next.</summary>
    private void Spread(List<Transaction> transactions)
    {
        if (!trustsPeers)
        {
            Send(transactions, null);
        }
        else if (_leader is var leader and not Nobody)
        {
            Send(transactions, new(leader));
        }
    }

    private void Send(List<Transaction> transactions, ValidatorIndex? to)
    {
        var buffer = new ArrayBufferWriter<byte>(
            HeaderBytes + transactions.Sum(transaction => transaction.Encoded.Length + HeaderBytes));
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(transactions.Count);
        foreach (var transaction in transactions)
        {
            writer.Write(transaction.Encoded.Span);
        }

        writer.Flush();
        network.Send(FrameKind.Transactions, buffer.WrittenMemory, to);
    }

    private static ReadOnlyMemory<byte>[] Read(ref MessagePackReader reader)
    {
        var encoded =
            new ReadOnlyMemory<byte>[Fields.ReadCount(ref reader, FrameTransactions, "transactions")];
        for (var i = 0; i < encoded.Length; i++)
        {
            encoded[i] = Fields.ReadBytes(ref reader, Limits.TransactionBytes, "transaction");
        }

        return encoded;
    }
}
