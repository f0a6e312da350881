using System.Buffers.Binary;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// Follows the frames of one way of a connection and leaves those of consensus out while the line is mute. A
/// frame that has begun goes, or stays away, as a whole.
/// </summary>
internal sealed class ConsensusFilter
{
    private readonly byte[] _header = new byte[RawPeer.HeaderBytes];
    private int _headerRead;
    private long _payloadLeft;

    /// <summary>
    /// The header that has begun waits until its kind is known; one that began while nothing is mute goes.
    /// </summary>
    private bool _withholds;
    private bool _drops;

    /// <returns>What of these bytes arrives.</returns>
    public byte[] Pass(ReadOnlySpan<byte> bytes, bool isMute)
    {
        List<byte> passed = new(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (_payloadLeft == 0)
            {
                _withholds = _headerRead == 0 ? isMute : _withholds;
                _drops = _withholds;
                Take(bytes[..1], passed);
                _header[_headerRead++] = bytes[0];
                bytes = bytes[1..];
                if (_headerRead < _header.Length)
                {
                    continue;
                }

                _headerRead = 0;
                _payloadLeft = BinaryPrimitives.ReadUInt32BigEndian(_header);
                _drops = _withholds && _header[^1] == RawPeer.Consensus;
                if (_withholds)
                {
                    Take(_header, passed);
                }
            }

            var part = (int)Math.Min(_payloadLeft, bytes.Length);
            Take(bytes[..part], passed);
            bytes = bytes[part..];
            _payloadLeft -= part;
        }

        return [.. passed];
    }

    private void Take(ReadOnlySpan<byte> bytes, List<byte> passed)
    {
        if (!_drops)
        {
            passed.AddRange(bytes);
        }
    }
}
