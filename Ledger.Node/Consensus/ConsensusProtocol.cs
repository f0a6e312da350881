using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Configuration;

namespace Ledger.Node.Consensus;

/// <summary>The one place where the genesis file's mode is asked for.</summary>
internal static class ConsensusProtocol
{
    public static IConsensusProtocol Of(
        ValidatorDirectory directory, NodeOptions options, ISignatureVerifier signatures,
        bool isWitness = false)
        => directory.Genesis.Mode switch
        {
            ConsensusMode.Raft => new RaftConsensus(
                directory, options.Raft with { IsWitness = isWitness }, signatures),
            _ => new PbftConsensus(directory, options.Pbft, options.RequestTimeout, signatures),
        };
}
